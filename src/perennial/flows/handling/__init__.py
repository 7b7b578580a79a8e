"""One batch: its commands are loaded, decided one after the other, and written."""
