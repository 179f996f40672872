"""The same answers for items that come in parts."""
