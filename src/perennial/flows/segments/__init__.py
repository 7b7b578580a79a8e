"""Segments are put, filled, previewed, applied and listed."""
