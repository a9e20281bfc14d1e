"""A verdict for people: page, terminal, JSON, words, and publishing it to the reports bucket."""
