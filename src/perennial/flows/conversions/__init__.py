"""Balances carried over into another unit, slice by slice, and back."""
