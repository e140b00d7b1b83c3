"""Live cameras: a session on a folder that goes on where the last one stopped."""
