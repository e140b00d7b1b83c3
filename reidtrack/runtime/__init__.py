"""Threads, queues, batches, stage times, progress, cancellation: what any long work needs, knowing nothing of video."""
