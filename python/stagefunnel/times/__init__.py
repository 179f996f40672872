"""Moments, calendar periods and lengths of time."""
