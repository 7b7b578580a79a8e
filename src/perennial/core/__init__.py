"""The rules of loyalty, pure: data in, effects out. No clock, no randomness, no I/O, no floats."""
