"""What every kind of flaw in ``core/finder/`` searches and plays with."""
