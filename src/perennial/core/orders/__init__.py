"""What is bought: orders and returns, carts while they are priced, and where it happens."""
