"""Why an event earned what it earned, in structs and in sentences."""
