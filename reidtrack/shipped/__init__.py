"""What ships with reidtrack, weights and a sample scene: a wheel carries both in this folder (see setup.py)."""
