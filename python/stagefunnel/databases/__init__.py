"""Rows of a database: connections of several kinds, queries in batches, and tables written back.

Nothing is imported here, so that whoever needs `secrets` alone waits for no pandas.
"""
