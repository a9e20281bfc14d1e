"""The checker: is a file what its contract says, and if not, which cells are not."""
