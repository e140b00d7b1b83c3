"""What runs a network: one protocol, `infer(batch) -> batch`."""
