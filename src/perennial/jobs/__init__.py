"""What runs without being asked: due timers and the sealing of the ledger."""
