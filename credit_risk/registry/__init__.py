"""Models in the BentoML store, and their checks."""
