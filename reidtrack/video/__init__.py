"""Pixels in and out: sources of frames, drawing, video files."""
