"""A short way from a request to an API method, beside BentoML's own."""
