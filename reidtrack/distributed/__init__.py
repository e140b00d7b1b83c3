"""Who does the tasks of an archive beside this process: a pool of processes, or machines of a Ray cluster."""
