"""A cart is quoted, a code is scanned, a hold runs out."""
