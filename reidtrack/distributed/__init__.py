"""Who does the tasks of an archive beside this process: a pool of processes; a cluster is to come."""
