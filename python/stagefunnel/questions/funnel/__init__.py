"""Funnels: how many items reach each stage."""
