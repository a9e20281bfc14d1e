"""The native kernel: goes once through the bytes of a file and answers for all records but those that it doubts."""
