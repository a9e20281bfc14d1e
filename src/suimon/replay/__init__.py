"""The replay function and command: what runs again."""
