"""From a file of loans to a stored model. Does not ship with the service."""
