"""Analytics: named, read-only queries over what the live path has written."""
