"""What is served: runs as one user sees them, pictures, sightings, what is worth reviewing."""
