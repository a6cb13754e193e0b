"""Numbers and pictures that only the notebooks show."""
