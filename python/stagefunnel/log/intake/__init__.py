"""How rows come in: as one frame, or in batches."""
