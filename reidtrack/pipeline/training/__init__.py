"""Training a re-identification network: data, targets, network, trainer, and the run from start to end."""
