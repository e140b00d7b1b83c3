"""Image data sets: the benchmark and the look into them."""
