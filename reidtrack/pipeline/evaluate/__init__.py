"""How good a run is, and which stage and which tracklets its errors are due to."""
