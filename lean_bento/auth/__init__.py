"""API keys: bearer-token authentication, and the command that keeps the file of keys."""
