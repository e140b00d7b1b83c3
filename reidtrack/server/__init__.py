"""The page and the interface for programs over runs: who may see what, routes by subject, long work in a queue."""
