"""The people of a workspace: who they are, how they sign in, what they may, and what they did."""
