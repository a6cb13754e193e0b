"""Decide again on everything in a log, with the models that decided then, and compare.

Probabilities are compared bit for bit, statuses and reasons as they were answered. A decision
whose application is not kept as a whole can be replayed if the model does not look at what is
missing; what cannot be replayed is counted, with the reason, and is no difference.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import bentoml
import numpy as np
from bentoml.exceptions import NotFound

from audit_log.reader import Progress, no_progress, read_parts, understood
from audit_log.records import Fields
from credit_risk.decision import Scorer
from credit_risk.decision_log.context import installed_versions
from credit_risk.decision_log.redaction import Redaction
from credit_risk.errors import ModelRefusedError
from credit_risk.form import COLUMNS, COURSE_EXAMPLE, Application
from credit_risk.model import Contributions, Probabilities, Rows
from credit_risk.registry import load_checked

__all__ = ["Difference", "Replayed", "replay"]

MOST_DIFFERENCES: Final = 20
"""Kept; the others are counted."""


@dataclass(frozen=True)
class Difference:
    """A decision that comes out otherwise.

    Attributes:
        id: of the decision.
        what: differs: ``row_sha256``, ``probability``, ``status`` or ``reasons``.
        then: what the log has.
        now: what the model says.
    """

    id: str
    what: str
    then: object
    now: object


@dataclass
class Replayed:
    """What a replay found.

    Attributes:
        same: how many decisions came out the same.
        different: how many did not.
        differences: the first of those.
        skipped: how many cannot be replayed, by reason.
        notes: what may explain a difference.
    """

    same: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    notes: set[str] = field(default_factory=set)


def replay(path: Path, progress: Progress = no_progress) -> Replayed:
    """Replay a file, or all files of a folder.

    Raises:
        BrokenLogError: at the first line that is not as it was written.
        NoLogError: if there is no log.
    """
    found = Replayed()
    for header, decisions in read_parts(path, progress):
        with understood(header):
            _replay(found, header, decisions)
    return found


def _replay(found: Replayed, header: Fields, decisions: list[Fields]) -> None:
    hidden = frozenset(header["left_out"] + header["hashed"])
    model = _load(header["model"])
    obstacle = model if isinstance(model, str) else model.obstacle(header, hidden)
    if isinstance(model, str) or obstacle:
        found.skipped[str(obstacle)] += len(decisions)
        return
    _note_versions(found, header)
    for decision, differences in _compare(model.scorer, decisions, hidden):
        found.same += not differences
        found.different += bool(differences)
        room = MOST_DIFFERENCES - len(found.differences)
        found.differences += [Difference(decision["id"], *each) for each in differences][:room]


@dataclass(frozen=True)
class _Model:
    scorer: Scorer
    unused: frozenset[str]
    hash: str

    def obstacle(self, header: Fields, hidden: frozenset[str]) -> str | None:
        """Why what stands under a header cannot be replayed with this model, if so."""
        if self.hash != header["model_sha256"]:
            return f"the {header['model']} in the store is not the one that decided"
        seen = sorted(hidden - self.unused)
        return f"the model looks at what was not kept: {', '.join(seen)}" if seen else None


@cache
def _load(tag: str) -> _Model | str:
    """The model of the store, or why it cannot be had."""
    try:
        stored = bentoml.models.get(tag)
        model = load_checked(stored)
        risk_model = model.risk_model
    except NotFound:
        return f"{tag} is not in the store; put it there: bentoml models import"
    except ModelRefusedError as error:
        return str(error)

    async def predict(rows: Rows) -> Probabilities:
        return risk_model.predict(rows)

    async def explain(rows: Rows) -> Contributions:
        return risk_model.explain(rows)

    scorer = Scorer(model.encoder, predict, explain, model.policy, model.reasons, tag)
    return _Model(scorer, frozenset(model.card.excluded_fields), model.digest)


def _compare(
    scorer: Scorer, decisions: list[Fields], hidden: frozenset[str]
) -> Iterator[tuple[Fields, list[tuple[str, Any, Any]]]]:
    """Each decision with what differs: its name, then, now."""
    rows = np.concatenate([_row(scorer, each, hidden) for each in decisions])
    answers = asyncio.run(scorer.assess_encoded(rows))
    for decision, row, answer in zip(decisions, rows, answers, strict=True):
        reasons = answer["reasons"]
        now = {
            "row_sha256": None if hidden else sha256(row.data).hexdigest(),
            "probability": answer["default_probability"],
            "status": answer["status"],
            "reasons": Redaction.reasons(reasons) if hidden else reasons,
        }
        if decision["reasons"] is None:  # nobody had asked for them
            del now["reasons"]
        yield decision, [(k, decision[k], now[k]) for k in now if decision[k] != now[k]]


def _row(scorer: Scorer, decision: Fields, hidden: frozenset[str]) -> Rows:
    """Encode a decision's application, (1, 29); what is hidden has any valid value."""
    standing_in = {name: COURSE_EXAMPLE[name] for name in hidden}
    if "application" in decision:
        kept = decision["application"] | standing_in
        return scorer.encoder.encode([Application.model_validate(kept)])
    row: Rows = np.array([decision["row"]], dtype=np.float32)
    for place, column in enumerate(COLUMNS):
        name, _, word = column.partition("=")
        if name in hidden:
            stands: Any = standing_in[name]
            row[0, place] = stands == word if word else stands
    return row


def _note_versions(found: Replayed, header: Fields) -> None:
    here = installed_versions()
    for name, then in header["versions"].items():
        if here.get(name) != then:
            found.notes.add(f"decided with {name} {then}, replayed with {here.get(name)}")
