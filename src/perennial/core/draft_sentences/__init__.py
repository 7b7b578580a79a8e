"""What is wrong with a draft, or odd about it."""
