"""Check the answers and the refusals of a service before it is timed."""

from collections.abc import Collection
from typing import Any

import httpx

from benchmarks.bodies import FORM, array_body
from benchmarks.machine import BenchmarkError, Server
from benchmarks.services import Service
from credit_risk.form import sample_applications

SAMPLES = 50
"""Number of answers to compare."""
TOLERANCE = 1e-6
"""Of a probability, for services that need not agree with the booster bit for bit."""

Answer = dict[str, Any]


def check(server: Server, service: Service, paths: Collection[str], expected: list[Answer]) -> int:
    """Compare a service's answers to samples with the booster's own; return how many.

    Args:
        server: the service that runs.
        service: for its title and for how exact it must be.
        paths: of its endpoints, with or without a query.
        expected: the booster's answers to as many samples.

    Raises:
        BenchmarkError: for a wrong answer, or for a bad application or a missing API key that is
            not refused.
    """
    samples = [
        sample.model_dump(mode="json") for sample in sample_applications(FORM, len(expected))
    ]
    with httpx.Client(
        base_url=server.url, headers=server.headers, timeout=60, trust_env=False
    ) as client:
        found = [client.post("/classify", json=sample).json() for sample in samples]
        endpoints = {path.partition("?")[0] for path in paths}
        if "/classify_batch" in endpoints:
            found += client.post("/classify_batch", json=samples).json()
        if "/classify_array" in endpoints:
            found += from_columns(
                client.post(
                    "/classify_array",
                    content=array_body(len(samples)),
                    headers={"Content-Type": "application/x-npy"},
                ).json()
            )
        bad = ({**FORM.example, next(iter(of)): "castle"} for of in (FORM.numbers, FORM.categories))
        refused = [client.post("/classify", json=each).status_code for each in bad]
        if service.keys:
            del client.headers["Authorization"]
            refused.append(client.post("/classify", json=FORM.example).status_code)
    if not all(map(httpx.codes.is_client_error, refused)):
        msg = f"{service.title}: bad requests were answered with {refused}"
        raise BenchmarkError(msg)
    for place, answer in enumerate(found):
        right = expected[place % len(expected)]
        if not agrees(answer, right, 0 if service.exact else TOLERANCE):
            msg = f"{service.title}: found {answer}, expected {right}"
            raise BenchmarkError(msg)
    return len(found)


def from_columns(answer: Answer) -> list[Answer]:
    """Turn the answer to an array into one answer a row."""
    return [
        {"status": status, "default_probability": p, "reasons": [], "model": answer["model"]}
        for status, p in zip(answer["status"], answer["default_probability"], strict=True)
    ]


def agrees(answer: Answer, right: Answer, tolerance: float) -> bool:
    """Compare answers, with a tolerance for the probability, without reasons: no peer gives any."""
    if set(answer) != set(right):
        return False
    distance = abs(answer["default_probability"] - right["default_probability"])
    return distance <= tolerance and all(
        answer[name] == right[name] for name in right.keys() - {"default_probability", "reasons"}
    )
