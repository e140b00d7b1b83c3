"""What a person said of a run's people, and what follows for the association."""
