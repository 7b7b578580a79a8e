"""Codes of rewards: made, imported, given, shown and taken back; money on gift cards."""
