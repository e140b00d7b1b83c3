"""Detections to tracklets of one camera, by motion, overlap and score alone."""
