"""What a question has counted of some items, so that counts of several parts can be put together."""
