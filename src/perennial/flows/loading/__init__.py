"""What a batch or a quote reads besides its members, noun by noun."""
