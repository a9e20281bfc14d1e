"""Suimon, a water gate for files in front of Amazon MWAA."""
