"""Formats of CRMs, one module or folder each."""
