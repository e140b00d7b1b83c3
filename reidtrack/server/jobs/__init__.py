"""Long work: a queue on disk, and the process that does one piece of it."""
