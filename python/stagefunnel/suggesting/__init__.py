"""A first pipeline for a log that nobody has described: guessed, with its doubts."""
