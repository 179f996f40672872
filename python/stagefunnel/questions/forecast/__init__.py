"""What will become of the open items: the chance of each, sums of them, and how well that held."""
