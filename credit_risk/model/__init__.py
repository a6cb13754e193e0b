"""From an application's numbers to a probability of default."""
