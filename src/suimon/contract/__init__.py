"""Contracts: what a file must be. `model` is what runs; `odcs` reads the YAML when the release is built."""
