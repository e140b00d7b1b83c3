"""`reidtrack archive`: recordings of many cameras and days, cut into tasks that are each done once."""
