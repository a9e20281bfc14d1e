"""Guesses from a sample: only `suimon contract new` uses them, the gate never does."""
