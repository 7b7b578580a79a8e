"""The kinds of reward: an open family, one file per kind."""
