"""Clusters of tracklets at the least cost: Hungarian assignment, local search, an exact solver for small problems."""
