"""The page of an image data set."""
