"""Decide again on everything in a log, with the models and policies of then, and compare.

Probabilities are compared bit for bit, statuses as they were answered, and of reasons the codes and
the contributions: sentences may have been written anew. A decision whose application is not kept as
a whole can be replayed if the model does not look at what is missing. What cannot be replayed is
counted, with the reason, and is no difference.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import bentoml
import numpy as np
from bentoml.exceptions import NotFound

from audit_log import Fields, Progress, checked_content, read_entries
from credit_risk.decision import Decider, Scorer, make_policy, two_lines
from credit_risk.decision_log.settings import DECISIONS
from credit_risk.errors import FormRefusedError, ModelRefusedError, PolicyError
from credit_risk.form import REFERENCE, Form
from credit_risk.model import Rows
from credit_risk.registry import calls_of, installed_versions, load_checked

MOST_DIFFERENCES: Final = 20
"""Kept; the others are counted."""

AS_IT_WAS: Final = (
    "import it as it was (bentoml models import), and replay with the packages of then"
)


@dataclass(frozen=True)
class Difference:
    """A decision that comes out otherwise.

    Attributes:
        id: of the decision.
        what: the field that differs: ``row_sha256``, ``probability``, ``status`` or ``reasons``.
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


@dataclass(frozen=True)
class ReplayModel:
    """A model that can decide again.

    Attributes:
        scorer: decides with it.
        form: of its applications.
        digest: SHA-256 of it, as in the log.
        unused: fields that it does not look at.
    """

    scorer: Scorer
    form: Form
    digest: str
    unused: frozenset[str]

    @property
    def looks_at(self) -> frozenset[str]:
        """Fields that it decides by, or that a rule of its policy does."""
        by_rules = {rule.field for rule in self.scorer.decider.policy.rules}
        return frozenset(self.form.by_name) - self.unused | by_rules


def load_model(tag: str) -> ReplayModel | str:
    """Load a model from the store; a sentence if it cannot be had."""
    try:
        stored = load_checked(bentoml.models.get(tag), may_be_comparison=True)
        risk_model = stored.risk_model
    except NotFound:
        return f"{tag} is not in the store; put it there: bentoml models import"
    except FormRefusedError as error:
        return f"{error.problem}; replay where that form is as it was then"
    except ModelRefusedError as error:  # its own advice makes another model
        return f"{error.problem}; {AS_IT_WAS}"
    scorer = stored.scorer(*calls_of(risk_model))
    unused = frozenset(stored.card.excluded_fields)
    return ReplayModel(scorer, stored.form, stored.digest, unused)


def replay(
    path: Path,
    progress: Progress = lambda _: None,
    load: Callable[[str], ReplayModel | str] = load_model,
) -> Replayed:
    """Replay a file, or all files of a folder, with the models that ``load`` finds.

    Raises:
        BrokenLogError: at the first line that is not as it was written.
        NoLogError: if there is no log.
    """
    found = Replayed()
    load = cache(load)
    for header, decisions in read_entries(path, DECISIONS, progress):
        with checked_content(header, DECISIONS):
            hidden = frozenset(header["left_out"] + header["hashed"]) - {REFERENCE}
            model = load(header["model"])
            if not isinstance(model, str):
                model = _with_policy(model, header.get("policy"))
            if isinstance(model, str):
                obstacle = model
            elif model.digest != header["model_sha256"]:
                obstacle = f"the {header['model']} in the store is not the one that decided"
                obstacle += "; import that one: bentoml models import"
            elif seen := sorted(hidden & model.looks_at):
                obstacle = f"the decision needs what was not kept: {', '.join(seen)}"
                obstacle += "; nothing brings it back, see leave_out and hash"
            else:
                _compare(found, model, decisions, hidden)
                obstacle = None
            if not (obstacle and isinstance(model, ReplayModel)):
                _note_versions(found, header)
            if obstacle:
                found.skipped[obstacle] += len(decisions)
    return found


def _with_policy(model: ReplayModel, then: Fields | None) -> ReplayModel | str:
    """Have a model decide by the policy of a log's header; a sentence if it cannot."""
    if then is None:
        return model
    try:
        source = "policy of the log"
        made = two_lines(**then) if "outcomes" not in then else make_policy(then, source)
        decider = Decider(made, model.form, source)
    except PolicyError as error:
        return str(error)
    return replace(model, scorer=replace(model.scorer, decider=decider))


def _compare(
    found: Replayed, model: ReplayModel, decisions: list[Fields], hidden: frozenset[str]
) -> None:
    rows = np.concatenate([_row(model, each, hidden) for each in decisions])
    language = next(iter(model.form.sentences))  # any: sentences are not compared
    answers = asyncio.run(model.scorer.assess_encoded(rows, language=language))
    for decision, row, answer in zip(decisions, rows, answers, strict=True):
        then = decision | {"reasons": _codes(decision["reasons"] or ())}
        now = {
            "row_sha256": None if hidden else sha256(row.data).hexdigest(),
            "probability": answer["default_probability"],
            "status": answer["status"],
            "reasons": _codes(answer["reasons"]),
        }
        if decision["reasons"] is None:  # the request did without
            del now["reasons"]
        differences = [
            Difference(decision["id"], name, then[name], value)
            for name, value in now.items()
            if then[name] != value
        ]
        found.same += not differences
        found.different += bool(differences)
        found.differences += differences[: MOST_DIFFERENCES - len(found.differences)]


def _codes(reasons: Iterable[Fields]) -> list[tuple[str, float | None]]:
    """Return what is compared of reasons: sentences may have been written anew."""
    return [(each["code"], each.get("contribution")) for each in reasons]


def _row(model: ReplayModel, decision: Fields, hidden: frozenset[str]) -> Rows:
    """Encode a decision's application; hidden fields have any valid value, or none."""
    if "application" not in decision:
        return np.array([decision["row"]], dtype=np.float32)
    kept = decision["application"] | {name: model.form.example[name] for name in hidden}
    kept.pop(REFERENCE, None)  # it may be hashed, and nothing is decided by it
    return model.scorer.encoder.encode([model.form.application.model_validate(kept)])


def _note_versions(found: Replayed, header: Fields) -> None:
    here = installed_versions()
    for name, then in header["versions"].items():
        if here.get(name) != then:
            found.notes.add(f"decided with {name} {then}, replayed with {here.get(name)}")
