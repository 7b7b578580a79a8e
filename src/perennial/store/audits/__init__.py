"""What must always hold, as queries for what breaks it, and the sealed history."""
