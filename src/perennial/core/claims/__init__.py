"""Rewards for points: what can be claimed, at which price, and what is handed out."""
