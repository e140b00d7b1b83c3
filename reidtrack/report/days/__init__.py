"""The report of many days: a front page, and pages of each day."""
