"""Every question is one scan over the journeys."""
