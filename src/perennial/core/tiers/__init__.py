"""Tiers: reached, reviewed, lost, and how far the next one is."""
