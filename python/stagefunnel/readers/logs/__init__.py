"""Logs of events that are no export of a CRM: those of process mining, and those of web analytics."""
