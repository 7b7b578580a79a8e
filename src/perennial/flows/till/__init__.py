"""Tills: their codes, their devices, and what they gave while they were offline."""
