"""A public year of shopping, sent through the live path."""
