"""What a distance means: how probable it is that two tracklets at that distance are one person."""
