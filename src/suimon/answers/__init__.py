"""What the freshness function answers to persons: one question, or one thing that a person does, at a time."""
