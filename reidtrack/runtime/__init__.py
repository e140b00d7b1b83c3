"""Threads, queues, stage times, progress and stopping: what any long work needs, without knowing of video."""
