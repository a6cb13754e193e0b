"""Ask the service from a Python program, with httpx: ``Client``, and ``AsyncClient`` for asyncio.

::

    with Client("http://localhost:3000", key="crk_...") as client:
        decision = client.classify(application)

Neither BentoML nor a library of models is loaded. ``calls`` says what is sent, what an answer means
and when to send again, and opens no connection; the two clients in ``clients`` do what it says.
"""

from credit_risk.client.answers import (
    ArrayDecisions,
    Decision,
    RefusedError,
    ServiceError,
    UnavailableError,
)
from credit_risk.client.clients import AsyncClient, Client

__all__ = [
    "ArrayDecisions",
    "AsyncClient",
    "Client",
    "Decision",
    "RefusedError",
    "ServiceError",
    "UnavailableError",
]
