"""A dataset as one folder: contract, table, golden case."""
