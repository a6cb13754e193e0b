"""Credit risk as a service: an application in, a decision with its probability of default out."""
