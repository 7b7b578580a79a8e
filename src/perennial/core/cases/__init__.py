"""Test cases: read from files, played, and told apart from what was expected."""
