"""`make dashboard`: the stack's CloudWatch dashboard as a picture, drawn from the metrics of the twin that is up."""
