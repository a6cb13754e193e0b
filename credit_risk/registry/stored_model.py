"""A model of the BentoML store, and the checks that it fits this code.

A model is refused before anything is served if it is absent, has other columns, does not give its
golden answers, or does not keep the directions and prohibitions of the form at hand, whatever its
own card says. It is also refused if its files are not those of its card: a file that was damaged,
swapped or added is found before it is read. No code of a stored file runs: ``restricted_pickle``
reads the custom objects, XGBoost's library the trees.
"""

import os
import pickle
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import bentoml
from pydantic import ValidationError

from credit_risk.decision import Decider, Explain, Predict, Reasons, Scorer
from credit_risk.errors import CreditRiskError, EncodingError, FormRefusedError, ModelRefusedError
from credit_risk.form import FORM_VARIABLE, Form, load_form
from credit_risk.model import (
    Contributions,
    Encoder,
    FeatureBuilder,
    LibraryError,
    Probabilities,
    RiskModel,
    Rows,
    broken_constraint,
    check_columns,
    fingerprint,
)
from credit_risk.registry.golden import GOLDEN, GoldenAnswers
from credit_risk.registry.model_card import FORMAT, ModelCard
from credit_risk.registry.restricted_pickle import VECTORIZER, read_custom_objects
from credit_risk.registry.settings import PolicyFile

CARD: Final = "model.yaml"
"""File in the model's folder, where BentoML keeps what it knows of the model."""

BOOSTER: Final = "saved_model.ubj"
CUSTOM_OBJECTS: Final = "custom_objects.pkl"
"""Files that BentoML writes into a model's folder."""

DECIDING: Final = (BOOSTER, CUSTOM_OBJECTS)
"""Files that a decision depends on; the others tell of them."""

REPORT: Final = "report.html"
"""File in the model's folder."""

OTHER_POLICY: Final = (
    '<p class="note" role="note"><strong>Another policy is in force.</strong> Decisions follow the '
    "policy {}. What this report says of decisions, approvals and rules is of the policy {} of the "
    "training.</p>"
)
"""First line of a report: the policy that decides, and the hash of the one that it shows."""

TRAIN: Final = "python train.py"
"""The command that fixes most faults."""

COMPARISON_VARIABLE: Final = "CREDIT_RISK_ALLOW_COMPARISON"
"""Environment variable that allows a model that does not keep what its form demands: ``1``."""

COMPUTING: Final = ("xgboost", "numpy")
"""Libraries that a probability depends on."""

LIBRARIES: Final = ("bentoml", "numpy", "pydantic", "xgboost")
"""Libraries that have a part in a decision."""


@dataclass(frozen=True)
class StoredModel:
    """A model of the store that fits this code.

    Attributes:
        card: what it is and where it comes from.
        form: of its applications.
        encoder: writes applications into its columns.
        decider: decides by its policy, or by the one that takes its place.
        reasons: write reasons from contributions of its inputs, by language.
    """

    _stored: bentoml.Model
    card: ModelCard
    form: Form
    encoder: Encoder
    decider: Decider
    reasons: Mapping[str, Reasons]

    @property
    def digest(self) -> str:
        """SHA-256 of the trees and the encoder: the same for all copies, and for all tags."""
        return digest_of(self.card)

    @property
    def report(self) -> str | None:
        """The report that training wrote, HTML; None if it wrote none.

        It begins with a note where another policy decides than the one that it shows.
        """
        now = self.card.policy.sha256
        page, then = self.read(REPORT), self._stored.info.metadata["policy"].get("sha256", now)
        if not page or then == now:
            return page
        note = OTHER_POLICY.format(escape(self._policy), then[:12])
        return page.replace("<header>", f"<header>\n{note}", 1)

    def read(self, name: str) -> str | None:
        """Read a text file of its folder; None if there is none of that name."""
        path = Path(self._stored.path_of(name))
        return path.read_text(encoding="utf-8") if path.exists() else None

    @property
    def name(self) -> str:
        """Its tag, as answers have it; says so of a model that is there for comparison only."""
        return self.card.model + (" (for comparison only)" if self.card.lacks else "")

    @property
    def summary(self) -> str:
        """What it is, in one line."""
        data = self.card.data
        then, here = self._versions
        kind = "synthetic" if data.synthetic else "not synthetic"
        return (
            f"{self.name}: recipe {self.card.recipe}, form {self.form.name}, "
            f"learned from {data.name} ({kind}), {len(self.card.guarantees)} guarantees, "
            f"policy {self._policy}"
            + (f", trained with {then}, gives the same with {here}" if then != here else "")
        )

    @property
    def _policy(self) -> str:
        """The policy that decides, in a few words."""
        policy = self.card.policy
        lines = [f"{name} up to {line:g}" for name, line in policy.lines.items()]
        return (
            f"{policy.sha256[:12]} of {self.card.policy_of}: {', '.join(lines)}, "
            f"{policy.statuses[-1]} above, {len(policy.rules)} rules"
        )

    @property
    def cautions(self) -> list[str]:
        """Why it should not decide on people, a sentence each."""
        cautions = []
        if self.card.lacks:
            cautions.append(
                f"The model is for comparison only: {self.card.lacks}; {COMPARISON_VARIABLE}=1 "
                f"allows it. Run: {TRAIN}"
            )
        if self.card.data.synthetic:
            cautions.append(
                "The model learned from synthetic loans: it is for trying things out, not for "
                f"lending. Run: {TRAIN} --data FILE"
            )
        return [*cautions, *self.form.cautions]

    def scorer(self, predict: Predict, explain: Explain) -> Scorer:
        """Make the scorer of this model, whose calls run here or elsewhere."""
        return Scorer(
            encoder=self.encoder,
            predict=predict,
            explain=explain,
            decider=self.decider,
            reasons=self.reasons,
            model=self.name,
        )

    @cached_property
    def risk_model(self) -> RiskModel:
        """The model itself, read from the store at first use.

        Raises:
            ModelRefusedError: if the trees are not what the card and its guarantees say.
        """
        try:
            inputs = FeatureBuilder(self.form, self.card.inputs, missing_as=self.card.missing_as)
            asked = self.form.constraints(self.card.inputs, self.card.guarantees)
            model = RiskModel(Path(self._stored.path_of(BOOSTER)).read_bytes(), inputs)
        except Exception as error:  # noqa: BLE001  a booster can be odd in many ways
            expected = (CreditRiskError, LibraryError, OSError, ValueError)
            found = str(error) if isinstance(error, expected) else f"odd trees ({error!r:.100})"
            raise _refused(self._stored, found, "trees that this code can explain") from None
        names = list(model.forest.names)
        if names != self.card.inputs:
            odd = sorted(set(names) ^ set(self.card.inputs)) or ["their order"]
            raise _refused(self._stored, f"trees on other inputs ({odd[0]})", "those of its card")
        if unfit := [
            each
            for each in names
            if not self.form.source_fields(each).isdisjoint(self.card.excluded_fields)
        ]:
            raise _refused(self._stored, f"trees that look at {unfit[0]}", "that field left out")
        broken = broken_constraint(model.forest, asked)
        if broken is not None:
            found = f"trees that do not keep what is guaranteed for {names[broken]}"
            raise _refused(self._stored, found, "trained with constraints")
        self._check_answers(model)
        return model

    @property
    def _versions(self) -> tuple[str, str]:
        """Versions that it was trained with, and those here; only those that differ, if any do."""
        then, here = self.card.versions, installed_versions()
        names = [name for name in COMPUTING if then.get(name) != here[name]] or COMPUTING
        theirs, ours = (
            " and ".join(f"{name} {of.get(name, 'unknown')}" for name in names)
            for of in (then, here)
        )
        return theirs, ours

    def _check_answers(self, model: RiskModel) -> None:
        try:
            golden = GoldenAnswers.read(self.read(GOLDEN) or "")
            different = golden.first_difference(self.form, model)
        except (OSError, ValueError) as error:
            found = f"no golden answers ({GOLDEN}: {error})"
            raise _refused(self._stored, found, "those of train.py") from None
        if different:
            then, here = self._versions
            found = f"{different.found} with {here}"
            expected = f"{different.expected}, as when it was trained with {then}"
            fix = f"install {then}" if then != here else "import the model again"
            raise _refused(self._stored, found, expected, fix=f"{TRAIN}, or {fix}")


def load_checked(
    stored: bentoml.Model,
    form: Form | None = None,
    policy: PolicyFile | None = None,
    *,
    may_be_comparison: bool = False,
) -> StoredModel:
    """Make sure that a stored model fits its form, this code and the installed versions.

    Args:
        stored: of the store.
        form: of the applications; None for the one that the model was made for.
        policy: that takes the place of the one stored with the model; None for that one.
        may_be_comparison: whether it may be one that does not keep what the form demands.

    Raises:
        ModelRefusedError: says what was found, what was expected and what fixes it.
        PolicyError: if the other policy does not fit the form.
    """
    card = _read_card(stored)
    form = _check_form(stored, card, form)
    lacks = _lacks(card, form)
    if lacks and not (may_be_comparison or os.environ.get(COMPARISON_VARIABLE) == "1"):
        fix = f"{TRAIN}, or allow a comparison with {COMPARISON_VARIABLE}=1"
        raise _refused(stored, f"a model for comparison: {lacks}", "what the form demands", fix)
    _check_files(stored, card)
    objects = _custom_objects(stored)
    vectorizer = objects.get(VECTORIZER)
    if vectorizer is None:
        held = ", ".join(objects) or "none"
        raise _refused(stored, f"custom objects: {held}", f"a {VECTORIZER} among them")
    try:
        check_columns(form, vectorizer)
        reasons = {each: Reasons(form, card.inputs, each) for each in form.sentences}
    except EncodingError as error:
        raise _refused(stored, f"other columns ({error})", "the form's columns") from None
    ours, theirs = fingerprint(form.columns), card.columns.fingerprint
    if theirs != ours:
        raise _refused(stored, f"columns with fingerprint {theirs[:12]}", ours[:12])
    in_place = {"policy": policy.policy, "policy_of": policy.path.name} if policy else {}
    card = card.model_copy(update={"lacks": lacks, **in_place})
    source = policy.source if policy else f"policy of {card.model}"
    decider = Decider(card.policy, form, source)
    return StoredModel(stored, card, form, Encoder(form), decider, reasons)


def calls_of(model: RiskModel) -> tuple[Predict, Explain]:
    """Make the two calls of a model that runs here."""

    async def predict(rows: Rows) -> Probabilities:
        return model.predict(rows)

    async def explain(rows: Rows) -> Contributions:
        return model.explain(rows)

    return predict, explain


def digest_of(card: ModelCard) -> str:
    """Return the SHA-256 of a model's trees and encoder."""
    # One line a file, sorted by name, as sha256sum writes them.
    files = sorted(card.files.items())
    lines = (f"{each}  {name}\n" for name, each in files if name in DECIDING)
    return sha256("".join(lines).encode()).hexdigest()


def installed_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that have a part in a decision."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def hash_files(stored: bentoml.Model) -> dict[str, str]:
    """SHA-256 of each file of a stored model, by name; without its card."""
    folder = Path(stored.path)
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(files.items())
        if path.is_file() and name != CARD
    }


def _custom_objects(stored: bentoml.Model) -> dict[str, Any]:
    path = Path(stored.path_of(CUSTOM_OBJECTS))
    try:
        return read_custom_objects(path.read_bytes()) if path.exists() else {}
    except pickle.UnpicklingError as error:
        raise _refused(stored, str(error), f"a {VECTORIZER} and nothing else") from None


def _read_card(stored: bentoml.Model) -> ModelCard:
    number = stored.info.metadata.get("format")
    if number != FORMAT:
        found = f"format {number}" if number else "an earlier format"
        raise _refused(stored, f"a model of {found}", f"format {FORMAT}")
    try:
        return ModelCard.model_validate(stored.info.metadata | {"model": str(stored.tag)})
    except ValidationError as error:
        odd = ", ".join(".".join(map(str, finding["loc"])) for finding in error.errors())
        raise _refused(stored, f"metadata without a valid {odd}", "that of train.py") from None


def _check_form(stored: bentoml.Model, card: ModelCard, form: Form | None) -> Form:
    theirs = card.form
    try:
        form = form or load_form(theirs.module)
    except CreditRiskError as error:
        problem = f"its form away ({error})"
        raise _refused(stored, problem, "the form beside it", kind=FormRefusedError) from None
    if form.fingerprint != theirs.fingerprint:
        serve = f"form: {theirs.module} in bentoconfiguration.yaml, or {FORM_VARIABLE}="
        serve += f"{theirs.module}, serves this one"
        fix = f"{TRAIN} --form {form.module} --data FILE; {serve}"
        found = f"a model of the form {theirs.name} {theirs.fingerprint[:12]}"
        expected = f"{form.name} {form.fingerprint[:12]}"
        raise _refused(stored, found, expected, fix, kind=FormRefusedError)
    return form


def _lacks(card: ModelCard, form: Form) -> str | None:
    """Say what the form demands and the card does not promise; trees prove the promises."""
    seen = [name for name in form.prohibited if name not in card.excluded_fields]
    free = [name for name in form.directions if card.guarantees.get(name) != form.directions[name]]
    said = [f"it may decide by {', '.join(seen)}"] if seen else []
    said += [f"it guarantees no direction of {', '.join(free)}"] if free else []
    return " and ".join(said) or None


def _check_files(stored: bentoml.Model, card: ModelCard) -> None:
    try:
        hashes = hash_files(stored)
    except OSError as error:
        raise _refused(stored, str(error), "files that can be read") from None
    names = sorted(hashes.keys() | card.files.keys())
    odd = next((name for name in names if hashes.get(name) != card.files.get(name)), None)
    if odd is not None:
        found, expected = (
            f"SHA-256 {each[odd][:12]}" if odd in each else "no such file"
            for each in (hashes, card.files)
        )
        fix = f"{TRAIN}, or import the model again"
        raise _refused(stored, f"{odd}: {found}", f"{expected}, as in its card", fix=fix)


def _refused(
    stored: bentoml.Model,
    found: str,
    expected: str,
    fix: str = TRAIN,
    *,
    kind: type[ModelRefusedError] = ModelRefusedError,
) -> ModelRefusedError:
    return kind(str(stored.tag), found=found, expected=expected, fix=fix)
