"""People kept over runs and days."""
