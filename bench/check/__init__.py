"""The checker beside the tools that people use for the same rules: `make bench-check`."""
