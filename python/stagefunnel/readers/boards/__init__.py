"""Boards of tasks: which column or status a card, an issue or a work item was in, and when."""
