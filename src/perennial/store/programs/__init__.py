"""Programs, their versions, and what a workspace adds to them or turns off."""
