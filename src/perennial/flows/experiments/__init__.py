"""What came of experiments and holdouts, in figures and in words."""
