"""The peers: the same service, written by us, each the way its own documentation says."""
