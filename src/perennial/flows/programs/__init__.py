"""The life of a program: drafts, checks, publication, campaigns, and what a version does for everybody."""
