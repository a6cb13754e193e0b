"""Trained models into the BentoML store: whole, or not at all."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import bentoml
import xgboost
from bentoml.exceptions import BentoMLException, NotFound
from bentoml.xgboost import API_VERSION, MODULE_NAME, ModelOptions
from sklearn.feature_extraction import DictVectorizer

from credit_risk.errors import UsageError
from credit_risk.registry import (
    BOOSTER,
    MODEL_NAME,
    VECTORIZER,
    ModelDescription,
    hash_files,
    load_checked,
)
from credit_risk.training.recipes import STANDARD

HOME: Final = "BENTOML_HOME"


def new_tag(recipe: str) -> str:
    """Choose the tag of a new model, and make sure that the store can take one.

    Models of other recipes than the standard one have a name of their own: none of them ever
    becomes the latest of those that are served.

    Raises:
        UsageError: if the store cannot be read or written.
    """
    name = MODEL_NAME if recipe == STANDARD else f"credit_risk_{recipe}_model"
    try:
        with suppress(NotFound):
            bentoml.models.list(name)  # makes the folders where there are none
        with TemporaryFile(dir=_home() / "models"), TemporaryFile():
            pass
    except Exception as error:  # noqa: BLE001  a broken model.yaml can raise anything
        raise _refused(error) from None
    return str(bentoml.Tag(name).make_new_version())


def publish(
    tag: str,
    booster: xgboost.Booster,
    vectorizer: DictVectorizer,
    description: ModelDescription,
    files: Mapping[str, str],
) -> None:
    """Put a trained model into the store, where it is the latest once it is whole.

    Args:
        tag: as ``new_tag`` chose it.
        booster: on the inputs of the description.
        vectorizer: a pickle, so no class of ours inside it.
        description: what the model card will say.
        files: texts by name that are kept beside the model, its golden answers among them; they
            are exported and imported with it.

    Raises:
        UsageError: if it cannot be written, as on a full disk; the store is then as before.
    """
    try:
        with bentoml.models.create(
            tag,
            module=MODULE_NAME,
            api_version=API_VERSION,
            signatures={"predict": {"batchable": True, "batch_dim": 0}},
            labels={"project": "credit-risk", "recipe": description.recipe},
            options=ModelOptions(model_class=type(booster).__name__),
            custom_objects={VECTORIZER: vectorizer},
            metadata=description.model_dump(exclude_none=True),  # the store takes no None
            context=bentoml.models.ModelContext("xgboost", {"xgboost": version("xgboost")}),
        ) as made:
            # XGBoost's own save_model does not notice a full disk.
            Path(made.path_of(BOOSTER)).write_bytes(booster.save_raw(raw_format="ubj"))
            for name, text in files.items():
                Path(made.path_of(name)).write_text(text, encoding="utf-8")
            made.flush()  # writes the other files, whose hashes the card has to have
            made.info.metadata["files"] = hash_files(made)
            _ = load_checked(made, may_be_comparison=True).risk_model  # as serving does
    except BaseException as error:
        with suppress(Exception):
            bentoml.models.delete(tag)
        with suppress(OSError):  # of a folder that is not empty
            (_home() / "models" / bentoml.Tag.from_str(tag).name).rmdir()
        if isinstance(error, (OSError, BentoMLException)):
            raise _refused(error) from None
        raise


def _home() -> Path:
    return Path(os.path.expandvars(os.environ.get(HOME, "~/bentoml"))).expanduser()


def _refused(error: Exception) -> UsageError:
    said = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
    if isinstance(error, shutil.Error):  # a list: of each file, from where, to where, and why
        said = str(error.args[0][0][-1]).partition(": ")[0]
    return UsageError(
        f"{_home()}: the model store cannot take a model: {said.splitlines()[0]}; expected it and "
        f"the folder of temporary files to be writable and to have space; set {HOME} and TMPDIR"
    )
