"""Tests of whether groups differ by more than chance, on plain counts."""
