"""Thin clients of S3 and Step Functions. They decide nothing."""
