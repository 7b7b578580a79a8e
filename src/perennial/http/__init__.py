"""The HTTP door: the API, its reference page, health and metrics."""
