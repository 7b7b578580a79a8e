"""Routes about what is used: rewards, vouchers, gift cards, the checkout and the till."""
