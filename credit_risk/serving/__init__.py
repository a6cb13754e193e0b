"""Adapters between BentoML's HTTP server and the package. Knows nothing of credit."""
