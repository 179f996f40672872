"""Logs larger than memory: their rows lie on disk, in partitions by their item."""
