"""Somebody is referred, and what becomes of it once it is due."""
