"""A program played in memory, through the same functions as the live path."""
