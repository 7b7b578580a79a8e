"""Segments: their documents, who is in which, and what follows from it."""
