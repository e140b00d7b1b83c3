"""A run from inputs to outputs: read and track, settle identities, write what comes out."""
