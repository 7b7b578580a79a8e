"""Customers: who they are, by what they are found, what they said, merging and erasing them."""
