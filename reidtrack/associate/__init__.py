"""Tracklets to identities over all cameras."""
