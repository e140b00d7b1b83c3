"""One reader for each data set: from its folders and file names to samples in three splits."""
