"""Codes: how they look, how they are entered and checked, and those that a till reads."""
