"""Leads and their deals as one chain."""
