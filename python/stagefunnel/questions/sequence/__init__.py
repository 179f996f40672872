"""Steps inside a window of time."""
