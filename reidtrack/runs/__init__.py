"""A run on disk: its folder, lock, manifest, logs and outputs, and what reads them."""
