"""The state of a stack for people: what stands on its page, and how the page looks."""
