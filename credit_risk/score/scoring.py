"""What the command does: score a file, or verify a table of answers."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from credit_risk.errors import DataError, UsageError
from credit_risk.files import (
    BatchScorer,
    FileHash,
    Manifest,
    Proof,
    Run,
    Scored,
    ServiceScorer,
    Summary,
    check_format,
    find_columns,
    manifest_of,
    open_source,
    read_record,
)
from credit_risk.form import Form, form_at_hand
from credit_risk.registry import ModelCard, StoredModel
from credit_risk.score.models import Recipe, decided_by, recipe_of, service_at
from credit_risk.score.progress import Progress


def score(options: argparse.Namespace) -> Summary:
    """Score a file; the options are those of the command.

    Raises:
        UsageError: if the options contradict each other.
    """
    pa.enable_signal_handlers(False)  # noqa: FBT003  Ctrl-C is the command's own
    check_format(options.to)
    recipe, scorer, card = _by_service(options) if options.url else _by_model(options)
    source = open_source(options.file, _known(scorer.form))
    run = Run(
        path=options.file,
        source=source,
        step=Scored.of(source, scorer, options.keep),
        decided=decided_by(card),
        table=options.to,
        force=options.force,
        progress=Progress(),
        workers=options.workers,
        dask=options.dask,
        recipe=recipe,
    )
    with _readable(options.file):
        return run()


def _by_model(options: argparse.Namespace) -> tuple[Recipe, BatchScorer, ModelCard]:
    recipe = recipe_of(options.model, options.policy, options.reasons, options.language)
    stored = recipe.stored
    recipe = replace(recipe, tag=stored.card.model)  # the latest may soon be another
    return recipe, recipe.scorer(stored), stored.card


def _by_service(options: argparse.Namespace) -> tuple[None, ServiceScorer, ModelCard]:
    others = {
        "--model": options.model,
        "--policy": options.policy,
        "--dask": options.dask,
        "--workers": options.workers > 1,
    }
    if odd := [name for name, value in others.items() if value]:
        found = f"--url: found {odd[0]} beside it"
        msg = f"{found}, expected neither model, policy nor processes: the service has its own"
        raise UsageError(msg)
    scorer = service_at(
        options.url, options.key_file, form_at_hand(), options.reasons, options.language
    )
    return None, scorer, ModelCard.model_validate(scorer.card)


def verify(options: argparse.Namespace) -> tuple[Manifest, str | None]:
    """Compare a table to its manifest and to what its rows are scored now.

    Returns:
        The manifest; the first difference, None if there is none.

    Raises:
        DataError: if there is no manifest, or the file, model or policy is another one.
    """
    pa.enable_signal_handlers(False)  # noqa: FBT003  as above
    table = options.table
    manifest = read_record(manifest_of(table), Manifest)
    basis = manifest.basis
    wanted = basis.options
    recipe = recipe_of(basis.decided.model.tag, options.policy, wanted.reasons, wanted.language)
    stored = recipe.stored
    _check_decided(stored, manifest, table)
    path = options.input or table.parent / manifest.input_path
    source = open_source(path, _known(stored.form))
    if FileHash.of(path) != basis.input:
        raise DataError(source.name, f"found other bytes than those that {table.name} was made of")
    columns = find_columns(stored.form, source.labels, source.name)
    step = Scored(_scorer(options, recipe, stored), columns, basis.options.keep)
    with _readable(path):
        return manifest, Proof(table, manifest, source, step).first_difference(options.rows)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one sentence that pyarrow cannot work with a column."""
    try:
        yield
    except pa.ArrowException as error:
        found = f"found a column that cannot be read ({str(error).splitlines()[0][:100]})"
        raise DataError(path.name, f"{found}, expected text, numbers, yes and no") from None


def _scorer(
    options: argparse.Namespace, recipe: Recipe, stored: StoredModel
) -> BatchScorer | ServiceScorer:
    if options.against is None:
        return recipe.scorer(stored)
    return service_at(
        options.against, options.key_file, stored.form, recipe.reasons, recipe.language
    )


def _check_decided(stored: StoredModel, manifest: Manifest, table: Path) -> None:
    """Let only the versions be others: that they decide the same is what is proved."""
    theirs = manifest.basis.decided
    here = decided_by(stored.card).model_copy(update={"versions": theirs.versions})
    if difference := here.difference(theirs):
        fix = "; give that one with --policy" if difference.startswith("policy") else ""
        raise DataError(table.name, f"found {difference} as in its manifest{fix}")


def _known(form: Form) -> set[str]:
    return {name.lower() for each in form.fields for name in (each.name, each.column)}
