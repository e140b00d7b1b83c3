"""A name or a path to a network that is ready: the one room that turns settings into networks."""
