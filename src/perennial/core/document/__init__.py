"""The program document: its parts, how it is read and written, and what changed in it."""
