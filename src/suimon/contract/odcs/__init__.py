"""ODCS YAML to a compiled contract, at build time."""
