"""What rewards take off a cart: each by itself, and which of them go together."""
