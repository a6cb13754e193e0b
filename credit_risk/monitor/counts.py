"""Count the decisions of a log by day, in the bins of their model's reference.

Counts of earlier passes are kept in a file beside the log, by the file that they are of. They are
used if that file still has the bytes that were counted, and bins and program are the same.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from audit_log import Fields, Position, Progress, checked_content, read_on
from credit_risk import __version__
from credit_risk.decision_log import DECISIONS
from credit_risk.form import REFERENCE
from credit_risk.model import Rows
from credit_risk.monitor.models import has_own_policy
from credit_risk.monitoring import DECISION, Bins
from credit_risk.registry import StoredModel

KEPT: Final = ".drift-counts.json"
"""Beside the files of the log."""


class Counts(BaseModel):
    """Counts of decisions.

    Attributes:
        rows: number of decisions.
        fields: of each field that is measured, how many are in each bin.
        statuses: how many have each outcome.
        probability: sum of the probabilities of default.
        approved: the same, of decisions with the mildest outcome.
        explained: decisions with another outcome that have reasons.
        reasons: how many of them have each code.
    """

    rows: int = 0
    fields: dict[str, list[int]] = {}
    statuses: Counter[str] = Counter()
    probability: float = 0.0
    approved: float = 0.0
    explained: int = 0
    reasons: Counter[str] = Counter()

    @classmethod
    def of(  # noqa: PLR0913  what a decision consists of
        cls,
        bins: Bins,
        rows: Rows,
        probabilities: NDArray[np.floating],
        statuses: Sequence[str],
        reasons: Iterable[Sequence[str] | None],
        *,
        without: Collection[str],
        mildest: str,
    ) -> Self:
        """Count decisions in bins.

        Args:
            bins: of the model.
            rows: (n, columns) float32: encoded applications.
            probabilities: (n,) of default.
            statuses: (n,) outcomes of the policy.
            reasons: (n,) codes of each; None where none were asked for.
            without: fields that are not measured.
            mildest: outcome that needs no reasons.
        """
        counted = bins.count(rows, probabilities, statuses)
        because = [
            codes
            for codes, status in zip(reasons, statuses, strict=True)
            if codes is not None and status != mildest
        ]
        approved = np.fromiter((each == mildest for each in statuses), bool, len(statuses))
        return cls(
            rows=len(rows),
            fields={name: each.tolist() for name, each in counted.items() if name not in without},
            statuses=Counter(statuses),
            probability=float(probabilities.sum(dtype=np.float64)),
            approved=float(probabilities[approved].sum(dtype=np.float64)),
            explained=len(because),
            reasons=Counter(code for codes in because for code in codes),
        )

    def add(self, other: "Counts") -> None:
        """Add the counts of other decisions."""
        for name, counts in other.fields.items():
            before = self.fields.get(name, [0] * len(counts))
            self.fields[name] = [a + b for a, b in zip(before, counts, strict=True)]
        self.rows += other.rows
        self.statuses.update(other.statuses)
        self.probability += other.probability
        self.approved += other.approved
        self.explained += other.explained
        self.reasons.update(other.reasons)


class FileCounts(BaseModel):
    """Counts of one file of the log.

    Attributes:
        position: how far it was read.
        basis: of the counts; other bins or another program need other counts.
        days: counts by day, UTC.
    """

    position: Position
    basis: str
    days: dict[str, Counts] = {}


class Kept(BaseModel):
    """What is kept of earlier passes, by the name of a file."""

    files: dict[str, FileCounts] = {}


def count_log(
    log: Path, stored: StoredModel, bins: Bins, progress: Progress = lambda _: None
) -> dict[str, Counts]:
    """Count the decisions of a model by day, of those of a log, which is checked.

    Raises:
        BrokenLogError: if the log is not as it was written.
    """
    basis = sha256(f"{__version__} {stored.digest} {bins.by_field!r}".encode()).hexdigest()
    place = log / KEPT if log.is_dir() else None
    kept = _read(place)
    positions = {name: each.position for name, each in kept.items() if each.basis == basis}
    found: dict[str, FileCounts] = {}
    for file in read_on(log, DECISIONS, positions, progress):
        name, header = file.path.name, file.header
        mine = header["model"] == stored.card.model
        days = dict(kept[name].days) if file.since else {}
        with checked_content(header, DECISIONS):
            for part in file.entries():
                if mine:
                    _count_days(days, part, header, stored, bins)
        found[name] = FileCounts(position=file.position, basis=basis, days=days)
    _write(place, found)
    whole: dict[str, Counts] = {}
    for each in found.values():
        for day, counts in each.days.items():
            whole.setdefault(day, Counts()).add(counts)
    return whole


def _count_days(
    days: dict[str, Counts], entries: list[Fields], header: Fields, stored: StoredModel, bins: Bins
) -> None:
    for day, some in groupby(entries, key=lambda entry: str(entry["decided_at"])[:10]):
        days.setdefault(day, Counts()).add(_count(list(some), header, stored, bins))


def _count(entries: list[Fields], header: Fields, stored: StoredModel, bins: Bins) -> Counts:
    hidden = {*header["left_out"], *header["hashed"]} - {REFERENCE}
    anything = {name: stored.form.example[name] for name in hidden}
    sent = [each for each in entries if "application" in each]
    arrays = [each for each in entries if "application" not in each]
    rows = stored.encoder.encode_mappings(each["application"] | anything for each in sent)
    if arrays:
        rows = np.concatenate([rows, np.array([each["row"] for each in arrays], np.float32)])
    columns = enumerate(stored.form.columns)
    rows[:, [place for place, name in columns if name.partition("=")[0] in hidden]] = 0
    entries = [*sent, *arrays]
    return Counts.of(
        bins,
        rows,
        np.array([each["probability"] for each in entries], dtype=np.float32),
        [each["status"] for each in entries],
        [_codes(each["reasons"]) for each in entries],
        without=hidden if has_own_policy(header, stored.card) else hidden | {DECISION},
        mildest=stored.decider.mildest,
    )


def _codes(reasons: list[Fields] | None) -> list[str] | None:
    return None if reasons is None else [each["code"] for each in reasons]


def _read(place: Path | None) -> dict[str, FileCounts]:
    try:
        return Kept.model_validate_json(place.read_bytes()).files if place else {}
    except (OSError, ValidationError):  # there is none, or one of another program
        return {}


def _write(place: Path | None, found: dict[str, FileCounts]) -> None:
    """Write what is kept; where the folder cannot be written the next pass counts all again."""
    if place is None:
        return
    unfinished = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(Kept(files=found).model_dump_json().encode())
            unfinished.replace(place)
        finally:
            unfinished.unlink(missing_ok=True)
