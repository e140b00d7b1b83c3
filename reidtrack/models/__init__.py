"""Re-identification networks, one per file, and the registry that loads their checkpoints."""
