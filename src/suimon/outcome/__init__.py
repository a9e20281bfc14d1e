"""The outcome function: what the end of a run means, and who hears of it."""
