"""Drops and sets of shards as values: identity, states, order, and what follows. Pure."""
