"""From a probability to a decision with its reasons."""
