"""People over runs and days: the gallery, who is enrolled in it, and who a photo shows."""
