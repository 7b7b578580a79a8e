"""The life of a referral, and what both sides get for it."""
