"""The benchmark: our service and its peers, measured by ``python -m benchmarks.run``."""
