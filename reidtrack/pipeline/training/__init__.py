"""Training a re-identification network."""
