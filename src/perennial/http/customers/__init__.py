"""Routes about customers: what is known of them, what they have, and where they belong."""
