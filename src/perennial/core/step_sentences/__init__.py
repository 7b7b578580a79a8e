"""What a challenge asks for next."""
