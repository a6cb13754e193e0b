"""What is said of a model: where it comes from, what it looks at, how well it does.

Training writes it, the model store keeps it, `GET /model` answers with it.
"""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from credit_risk.decision import Policy

FORMAT: Final = 1
"""Number of the format in which a model is stored; it grows when older models no longer fit."""


STORED: Final = "the model"


class Columns(BaseModel):
    """The encoded columns, the contract between training and serving."""

    names: list[str] = Field(description="In order.")
    fingerprint: str = Field(description="SHA-256 of the names in order.")


class FormPart(BaseModel):
    """The form of the applications: what a request consists of, and what is demanded of a model."""

    name: str = Field(description="Of the form.")
    module: str = Field(description="Python module, or file, that declares it.")
    fingerprint: str = Field(description="SHA-256 of all of this but the module.")
    columns: list[str] = Field(description="Encoded columns, in order.")
    fields: list[dict[str, Any]] = Field(description="In order: kind, range or words, directions.")
    derived: list[dict[str, Any]] = Field(description="Columns that are computed from fields.")


class Data(BaseModel):
    """What a model learned from."""

    name: str = Field(description="File name.")
    sha256: str = Field(description="Of the file's bytes.")
    synthetic: bool = Field(description="Whether these are the made-up rows of data/sample.csv.")
    rows: dict[str, int] = Field(description="Rows read, used, and in each part of the split.")
    dropped: dict[str, int] = Field(description="Rows left out, by reason.")


class Band(BaseModel):
    """Loans that the policy decides alike, decided by a model that did not learn from them."""

    rows: int
    defaults: int = Field(description="How many of them ended in default.")
    predicted: float | None = Field(None, description="Mean probability; null without rows.")
    observed: float | None = Field(None, description="Share in default; null without rows.")
    auc: float | None = Field(None, description="Among them; null without both outcomes.")


class Bands(BaseModel):
    """How well the model does in each band of its policy.

    Outcomes become known only of loans that were granted. They are to be compared with these
    measures and not with those of all loans: among the approved the AUC is much lower.
    """

    source: str = Field(description="Part of `measures` that these loans are.")
    outcomes: dict[str, Band] = Field(description="By outcome of the policy, mildest first.")


class Trained(BaseModel):
    """When a model was trained, from which code, by whom, and on which of the loans."""

    at: str = Field(description="UTC, ISO 8601.")
    revision: str | None = Field(
        None,
        description="Commit of the code in git, -dirty behind it where files differed from the "
        "commit or the form's were not in it; null without git or a repository.",
    )
    by: str | None = Field(None, description="User name that the system gave.")
    seeds: dict[str, int] = Field(description="Of the split and of the trees.")
    split: str = Field(description="How the loans were divided.")


class ModelDescription(BaseModel):
    """What training knows of a model; kept as metadata in the model store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(FORMAT, description="Number of the format in which it is stored.")
    recipe: str = Field(description="Which of train.py's recipes made it.")
    trained: Trained
    form: FormPart
    policy: Policy
    columns: Columns
    data: Data
    parameters: dict[str, float | int | str] = Field(description="Of the boosted trees.")
    missing_as: float | None = Field(
        None, description="What stands for a missing number; null: NaN."
    )
    measures: dict[str, dict[str, float]] = Field(description="By part of the split.")
    bands: Bands
    inputs: list[str] = Field(description="What the trees see, in order: columns and derived ones.")
    guarantees: dict[str, int] = Field(
        description="How the probability may move as a field grows: -1 never up, 1 never down."
    )
    excluded_fields: list[str] = Field(description="In the request, but not in the model.")
    limits: list[str] = Field(description="What the model was not made for.")
    versions: dict[str, str] = Field(description="Libraries that trained it.")


class ModelCard(ModelDescription):
    """What a model is, where it comes from and how well it does."""

    model: str = Field(description="Tag of the model.")
    policy_of: str = Field(STORED, description="Where the policy is from: the model, or a file.")
    lacks: str | None = Field(
        None,
        description="What its form demands and it does not promise: it is for comparison only.",
    )
    files: dict[str, str] = Field(description="SHA-256 of each file that is stored with it.")
