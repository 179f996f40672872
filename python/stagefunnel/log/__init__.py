"""The log: rows become journeys once."""
