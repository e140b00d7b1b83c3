"""Image data sets of re-identification: records, layouts on disk, samplers, statistics."""
