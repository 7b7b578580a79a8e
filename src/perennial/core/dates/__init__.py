"""Local time: days, periods, recurrences and schedules in a zone."""
