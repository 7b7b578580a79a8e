"""Outside systems whose data comes in: one file per system."""
