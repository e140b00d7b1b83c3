"""Persons in a frame: models, and replay of recorded detections."""
