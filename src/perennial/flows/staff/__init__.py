"""The people of a workspace: signing in, roles and keys, and who changed what."""
