"""Guesses from a sample: only `suimon dataset new` uses them, the gate never does."""
