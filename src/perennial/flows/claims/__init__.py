"""What members can have for points, what they were given, and who waits for it."""
