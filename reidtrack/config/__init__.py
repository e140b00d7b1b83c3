"""What can be set, with its default."""
