"""What is decided for events other than earning, claims and time."""
