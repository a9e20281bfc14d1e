"""Hostile and broken files: what each costs in memory and time, with the kernel and without."""
