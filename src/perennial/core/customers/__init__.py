"""Who somebody is: by what they are known, and what they may not do."""
