"""The past played again under several versions, and what it came to."""
