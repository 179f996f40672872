"""Logs in files: a folder whose columns are read where they lie, part by part."""
