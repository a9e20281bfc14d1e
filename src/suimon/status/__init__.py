"""The state of a stack for people: its page, and what the freshness function answers to them."""
