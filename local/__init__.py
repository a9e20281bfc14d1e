"""The twin: everything Suimon meets on AWS, on one machine, without Docker and without an account."""
