"""What space and time say about two tracklets being one person."""
