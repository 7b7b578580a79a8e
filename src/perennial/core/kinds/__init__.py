"""What the kinds of an open family have in common: rules, benefits, signals of fraud."""
