"""The model that a command scores with."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from credit_risk import __version__
from credit_risk.decision import read_policy
from credit_risk.files import BatchScorer, Decided, ModelHash, Named, ReasonsAs
from credit_risk.registry import (
    CreditRiskModel,
    PolicyFile,
    StoredModel,
    calls_of,
    configured_policy,
    installed_versions,
    load_checked,
    model_tag,
)


@dataclass(frozen=True)
class Recipe:
    """Makes a scorer, in any process.

    Attributes:
        tag: of the model.
        policy: in place of the model's own; None for that one.
        reasons: as of ``BatchScorer``.
    """

    tag: str
    policy: PolicyFile | None
    reasons: ReasonsAs

    @property
    def stored(self) -> StoredModel:
        """Find the model as the service does."""
        model = CreditRiskModel(self.tag, None, self.policy)
        return load_checked(model.resolve(), None, self.policy)

    def __call__(self) -> BatchScorer:
        """Load the model."""
        return scorer_of(self.stored, self.reasons)


def recipe_of(tag: str | None, policy: Path | None, reasons: ReasonsAs) -> Recipe:
    """Make a recipe of what options say; None for what the service would serve."""
    named = PolicyFile(read_policy(policy), policy) if policy else configured_policy()
    return Recipe(tag or model_tag(), named, reasons)


def scorer_of(stored: StoredModel, reasons: ReasonsAs) -> BatchScorer:
    """Make the scorer of a model that runs here."""
    return BatchScorer(stored.form, stored.scorer(*calls_of(stored.risk_model)), reasons=reasons)


def decided_by(stored: StoredModel) -> Decided:
    """Say what decides, for a manifest."""
    card, form = stored.card, stored.form
    here = {"service": __version__, "pyarrow": version("pyarrow")}
    return Decided(
        model=ModelHash(tag=card.model, sha256=stored.digest),
        form=Named(name=form.name, sha256=form.fingerprint),
        policy=Named(name=card.policy_of, sha256=card.policy.sha256),
        versions=here | installed_versions(),
    )
