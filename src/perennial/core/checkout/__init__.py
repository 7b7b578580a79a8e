"""A checkout: a cart is quoted, paid, held and redeemed."""
