"""Pure double entry: accounts, postings and lots. Knows nothing of rules, programs or storage."""
