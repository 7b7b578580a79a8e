"""Limits and budgets at work: the room that is left, what is used up, and what comes back."""
