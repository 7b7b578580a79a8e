"""What is done to a customer as a person: found, blocked, merged, erased; and their past."""
