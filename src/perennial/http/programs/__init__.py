"""Routes about programs: drafts and versions, campaigns, what they cost, and what they would do."""
