"""The guidance library: what may be said, and the pure choice of it."""
