"""Odd input of every kind: how it is made, the commands that are given it, and what must hold."""
