"""Sentences on how the cost grows with rows, connections and trees, from the numbers."""

from collections.abc import Mapping

from benchmarks.plan import ALONE, MANY
from benchmarks.results import Results

MICROSECONDS = 1e6
NOT_MEASURED = "Not measured in this run."


def shares(parts: Mapping[str, float]) -> str:
    """Name the parts of a cost with their microseconds and shares, the largest first."""
    whole = sum(parts.values())
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    return ", ".join(f"{name} {cost:.3g} µs ({cost / whole:.0%})" for name, cost in ordered)


def of_rows(results: Results) -> str:
    """Split the time of a row, and say how much many rows in a request save."""
    json, npy = results.costs("ours/json {}/rate"), results.costs("ours/npy {}/rate")
    work = results.costs("ours/json {} in process/rate")
    predict = results.costs("ours/predict {} in process/rate")
    both = sorted(json.keys() & npy.keys() & work.keys() & predict.keys())
    if not both:
        return NOT_MEASURED
    least, most = both[0], both[-1]
    in_json = shares(
        {
            "the model call": predict[most],
            "reading, checking, encoding and writing": max(0, work[most] - predict[most]),
            "HTTP and the service around it": max(0, json[most] - work[most]),
        }
    )
    return (
        f"From {least:,} to {most:,} rows a request, a row falls from {json[least]:,.0f} to "
        f"{json[most]:.1f} µs in JSON ({json[least] / json[most]:.0f} times less) and from "
        f"{npy[least]:,.0f} to {npy[most]:.2f} µs as `.npy` "
        f"({npy[least] / npy[most]:.0f} times less). "
        f"A row in JSON then takes {in_json}. Most is to be gained in the first of these: `.npy`, "
        f"which needs little of it, is {json[most] / npy[most]:.1f} times faster."
    )


def of_connections(results: Results) -> str:
    """Say how much coalescing gains, and split the time of a request when the core is busy."""
    ours = results.by_size("ours/one x{}/rate")
    limit = results.by_size("bare-asgi/one x{}/rate")
    work = results.by_size("ours/json {} in process/rate").get(MANY)
    both = sorted(ours.keys() & limit.keys())
    if not both or not work:
        return NOT_MEASURED
    least, most = both[0], both[-1]
    best = max(both, key=ours.__getitem__)
    busy, bare = MICROSECONDS / ours[best], MICROSECONDS / limit[best]
    parts = shares(
        {
            f"the work itself in batches of {MANY}": MICROSECONDS / work,
            "the HTTP server around a bare function": max(0, bare - MICROSECONDS / work),
            "routing, limits and metrics": max(0, busy - bare),
        }
    )
    return (
        f"From {least} to {best} connections requests/s grow from {ours[least]:,.0f} to "
        f"{ours[best]:,.0f} ({ours[best] / ours[least]:.1f} times), because requests at the same "
        f"time share a model call; at {most} they are {ours[most] / ours[best]:.0%} of that. "
        f"At {best} connections a request takes {busy:.0f} µs of the core: {parts}. Most is to be "
        "gained in the first of these."
    )


def of_trees(results: Results) -> str:
    """Say how much a larger model costs, alone and shared."""
    busy = results.costs(f"trees {{}}/one x{MANY}/rate")
    shared = results.costs(f"trees {{}}/predict {MANY} in process/rate")
    waits = results.by_size(f"trees {{}}/one x{ALONE}/p50")
    both = sorted(busy.keys() & shared.keys() & waits.keys())
    if not both:
        return NOT_MEASURED
    least, most = both[0], both[-1]
    return (
        f"From {least:,} to {most:,} trees ({most / least:.0f} times) a request at {MANY} "
        f"connections takes {busy[most] / busy[least]:.2g} times the core ({busy[least]:.0f} to "
        f"{busy[most]:.0f} µs), and a lone one waits {waits[most] / waits[least]:.2g} times "
        f"as long ({waits[least] * 1e3:.0f} to {waits[most] * 1e3:.0f} µs). "
        f"The model call is {shared[least] / busy[least]:.0%} of the request with {least:,} trees "
        f"and {shared[most] / busy[most]:.0%} with {most:,}."
    )
