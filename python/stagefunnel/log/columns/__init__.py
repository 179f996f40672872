"""The columns that a log takes in, and those that it keeps."""
