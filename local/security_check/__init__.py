"""What scanners of others say of the project, each exception with its reason."""
