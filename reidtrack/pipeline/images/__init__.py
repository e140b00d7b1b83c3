"""Image data sets: the benchmark, and the exploration of what they hold."""
