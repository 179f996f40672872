"""Which items, which period, in which groups and currency."""
