"""What the command does: score a file, or verify a table of answers."""

import argparse
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from credit_risk.client import Client
from credit_risk.errors import DataError
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
from credit_risk.form import Form
from credit_risk.registry import StoredModel
from credit_risk.score.models import Recipe, decided_by, recipe_of, scorer_of
from credit_risk.score.progress import Progress


def score(options: argparse.Namespace) -> Summary:
    """Score a file; the options are those of the command."""
    pa.enable_signal_handlers(False)  # noqa: FBT003  Ctrl-C is the command's own
    check_format(options.to)
    recipe = recipe_of(options.model, options.policy, options.reasons)
    stored = recipe.stored
    source = open_source(options.file, _known(stored.form))
    run = Run(
        path=options.file,
        source=source,
        step=Scored.of(source, scorer_of(stored, options.reasons), options.keep),
        decided=decided_by(stored),
        table=options.to,
        force=options.force,
        progress=Progress(),
        workers=options.workers,
        recipe=replace(recipe, tag=stored.card.model),  # the latest may soon be another
    )
    return run()


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
    recipe = recipe_of(basis.decided.model.tag, options.policy, basis.options.reasons)
    stored = recipe.stored
    _check_decided(stored, manifest, table)
    path = options.input or table.parent / manifest.input_path
    source = open_source(path, _known(stored.form))
    if FileHash.of(path) != basis.input:
        raise DataError(source.name, f"found other bytes than those that {table.name} was made of")
    columns = find_columns(stored.form, source.labels, source.name)
    step = Scored(_scorer(options, recipe, stored), columns, basis.options.keep)
    return manifest, Proof(table, manifest, source, step).first_difference(options.rows)


def _scorer(
    options: argparse.Namespace, recipe: Recipe, stored: StoredModel
) -> BatchScorer | ServiceScorer:
    if options.against is None:
        return scorer_of(stored, recipe.reasons)
    key = options.key_file.read_text(encoding="utf-8").strip() if options.key_file else None
    client = Client(options.against, key=key)
    return ServiceScorer(stored.form, client, reasons=recipe.reasons)


def _check_decided(stored: StoredModel, manifest: Manifest, table: Path) -> None:
    """Let only the versions be others: that they decide the same is what is proved."""
    theirs = manifest.basis.decided
    here = decided_by(stored).model_copy(update={"versions": theirs.versions})
    if difference := here.difference(theirs):
        fix = "; give that one with --policy" if difference.startswith("policy") else ""
        raise DataError(table.name, f"found {difference} as in its manifest{fix}")


def _known(form: Form) -> set[str]:
    return {name.lower() for each in form.fields for name in (each.name, each.column)}
