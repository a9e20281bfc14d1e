"""How long a function takes from the start of Python until it is ready for its first event."""
