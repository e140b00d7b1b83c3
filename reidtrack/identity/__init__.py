"""What is written about identities: logs in every format."""
