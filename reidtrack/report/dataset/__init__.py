"""The report of an image data set."""
