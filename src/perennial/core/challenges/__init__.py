"""Challenges: what an event counts for, rounds, completion, and what a return takes away."""
