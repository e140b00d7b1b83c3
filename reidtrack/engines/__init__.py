"""Running a network: one protocol, several engines."""
