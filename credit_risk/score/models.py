"""The model that a command scores with."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from credit_risk import __version__
from credit_risk.client import Client
from credit_risk.decision import read_policy
from credit_risk.files import BatchScorer, Decided, ModelHash, Named, ReasonsAs, ServiceScorer
from credit_risk.form import Form
from credit_risk.registry import (
    CreditRiskModel,
    ModelCard,
    PolicyFile,
    StoredModel,
    calls_of,
    configured_policy,
    digest_of,
    installed_versions,
    load_checked,
    model_tag,
)
from lean_bento import collect_garbage_rarely


@dataclass(frozen=True)
class Recipe:
    """Makes a scorer, in any process.

    Attributes:
        tag: of the model.
        policy: in place of the model's own; None for that one.
        reasons: as of ``BatchScorer``.
        language: as of ``BatchScorer``.
    """

    tag: str
    policy: PolicyFile | None
    reasons: ReasonsAs
    language: str | None

    @property
    def stored(self) -> StoredModel:
        """Find the model as the service does."""
        model = CreditRiskModel(self.tag, None, self.policy)
        return load_checked(model.resolve(), None, self.policy)

    def __call__(self) -> BatchScorer:
        """Load the model."""
        return self.scorer(self.stored)

    def scorer(self, stored: StoredModel) -> BatchScorer:
        """Make the scorer of a model that runs here, in a process that does little else."""
        calls = calls_of(stored.risk_model)
        scorer = stored.scorer(*calls)
        made = BatchScorer(stored.form, scorer, reasons=self.reasons, language=self.language)
        collect_garbage_rarely()  # takes a quarter of the time of reasons otherwise
        return made


def recipe_of(
    tag: str | None, policy: Path | None, reasons: ReasonsAs, language: str | None
) -> Recipe:
    """Make a recipe of what options say; None for what the service would serve."""
    named = PolicyFile(read_policy(policy), policy) if policy else configured_policy()
    return Recipe(tag or model_tag(), named, reasons, language)


def service_at(
    url: str, key_file: Path | None, form: Form, reasons: ReasonsAs, language: str | None
) -> ServiceScorer:
    """Make the scorer that asks a running service."""
    key = key_file.read_text(encoding="utf-8").strip() if key_file else None
    return ServiceScorer(form, Client(url, key=key), reasons=reasons, language=language)


def decided_by(card: ModelCard) -> Decided:
    """Say what decides, for a manifest."""
    here = {"service": __version__, "pyarrow": version("pyarrow")}
    return Decided(
        model=ModelHash(tag=card.model, sha256=digest_of(card)),
        form=Named(name=card.form.name, sha256=card.form.fingerprint),
        policy=Named(name=card.policy_of, sha256=card.policy.sha256),
        versions=here | installed_versions(),
    )
