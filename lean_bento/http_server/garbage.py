"""How often a worker stops to look for garbage."""

import gc

__all__ = ["collect_garbage_rarely"]

OBJECTS = 20_000
"""Made and not yet freed before the youngest are looked at; a batch of 1,000 makes some 5,000."""


def collect_garbage_rarely() -> None:
    """Call this once everything is loaded.

    What lives until the end need not be looked at by each collection: otherwise all requests
    under way stand still for a tenth of a second every few seconds. What a request makes is
    freed with it; looking through it while it is in use costs a large batch a tenth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS)
