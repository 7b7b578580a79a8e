"""A draft played on what really happened, in parallel processes."""
