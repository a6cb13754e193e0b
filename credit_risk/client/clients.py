"""The two clients, which send and wait as the calls say: one blocks, one is for asyncio."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from credit_risk.client.answers import ArrayDecisions, Decision, UnavailableError
from credit_risk.client.calls import Calls, Send, Steps

if TYPE_CHECKING:
    import httpx
    from numpy.typing import ArrayLike

T = TypeVar("T")
