"""Corrections of a run's people by hand, and the must-link and cannot-link constraints that follow."""
