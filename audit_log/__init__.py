"""An append-only log of JSON lines, chained by hashes, committed in groups."""
