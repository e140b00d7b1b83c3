"""Who is who over several processes: tracklets of groups of cameras, and their people's numbers, over Redis Streams."""
