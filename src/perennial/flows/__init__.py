"""What may happen, one file each: load, decide, save, in one transaction."""
