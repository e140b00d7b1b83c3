"""Crops of tracked people to unit vectors."""
