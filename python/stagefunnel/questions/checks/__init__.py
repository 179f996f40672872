"""Conditions that a log must not meet, for jobs that run by themselves."""
