"""Points in a wallet: their dates, how they enter, how they are spent, and how they end."""
