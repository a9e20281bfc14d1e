"""Thin clients of AWS, and what their making costs a function's start. They decide nothing."""
