"""Applications as texts of files, and a scorer in whose answers every bit of them shows."""

import json
import os
import signal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv
from toys import toy

from credit_risk.decision import STANDARD_POLICY, Decider, Reasons, Scorer
from credit_risk.errors import UsageError
from credit_risk.files import (
    BatchScorer,
    Decided,
    ModelHash,
    Named,
    Run,
    Scored,
    open_source,
)
from credit_risk.files.delimited import DelimitedFile
from credit_risk.form import Form, sample_applications
from credit_risk.model import Encoder, Rows

TOY = toy()


def scorer(form: Form) -> Scorer:
    """A scorer whose probability and contributions depend on every bit of a row."""
    weights = np.sin(np.arange(len(form.columns), dtype=np.float32) + 1)

    async def explain(rows: Rows) -> np.ndarray:
        high = np.float32(1) + np.abs(np.nan_to_num(rows, nan=-7))
        added = weights * np.log(high)
        return np.column_stack([added, np.zeros(len(rows), np.float32)]).astype(np.float32)

    async def predict(rows: Rows) -> np.ndarray:
        return np.abs(np.sin((await explain(rows)).sum(axis=1, dtype=np.float32)))

    return Scorer(
        encoder=Encoder(form),
        predict=predict,
        explain=explain,
        decider=Decider(STANDARD_POLICY, form),
        reasons={each: Reasons(form, form.columns, each) for each in form.sentences},
        model="m:1",
    )


def digits(random: Random, low: float, high: float) -> str:
    """A number as a person may write it: of few digits, or of more than float64 keeps."""
    number = random.uniform(low, high)
    half = np.float32(number)  # beside the middle of two float32
    middle = (float(half) + float(np.nextafter(half, np.float32(high)))) / 2
    texts = [f"{number:.2f}", f"{number:.17g}", f"{middle:.30f}", f"{middle:.25f}1"]
    return random.choice([*texts, f"{middle:.6e}"])


def applications(form: Form, count: int) -> list[dict[str, str | None]]:
    """Applications as texts of JSON; of words without their quotes."""
    random = Random(count)  # noqa: S311  not a secret
    found = []
    for each in sample_applications(form, count):
        row = {name: getattr(each, name) for name in form.by_name}
        for name in form.numbers:
            field = form.by_name[name]
            if field.kind == "number" and not field.whole and random.random() < 0.7:
                low, high, _ = field.everyday
                row[name] = digits(random, low, high)
            if field.optional and random.random() < 0.2:
                row[name] = None
        found.append({n: None if v is None else _text(v) for n, v in row.items()})
    return found


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def as_json(form: Form, texts: dict[str, str | None]) -> str:
    """The body of a request."""
    pairs = {
        name: json.dumps(text) if name in form.categories else text or "null"
        for name, text in texts.items()
    }
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in pairs.items()) + "}"


DECIDED = Decided(
    model=ModelHash(tag="m:1", sha256="1"),
    form=Named(name="toy", sha256="2"),
    policy=Named(name="p", sha256="3"),
    versions={"v": "4"},
)


def toy_scorer() -> BatchScorer:
    return BatchScorer(TOY, scorer(TOY))


def run_of(path: Path, table: Path, *, keep: str = "all", size: int = 0, **how: Any) -> Run:
    """Score a file of the toy form; CSV in parts of ``size`` bytes, if that is given."""
    names = set(TOY.by_name)
    source = DelimitedFile(path, names, size) if size else open_source(path, names)
    how = {"step": Scored.of(source, toy_scorer(), keep), "decided": DECIDED} | how
    return Run(path=path, source=source, table=table, **how)


def as_csv(path: Path, rows: list[dict[str, str | None]]) -> Path:
    """Write applications as CSV."""
    csv.write_csv(pa.Table.from_pylist(rows), path)
    return path


def run_until_killed(path: Path, table: Path, size: int, parts: int, *, inside: bool) -> None:
    """Score in a process that SIGKILL ends when so many parts are done, or inside the next."""
    done = []

    def progress(_share: float, _rows: int) -> None:
        done.append(1)
        if not inside and len(done) == parts:
            os.kill(os.getpid(), signal.SIGKILL)

    class Killed(BatchScorer):
        def __call__(self, *cells: Any) -> pa.RecordBatch:
            if (inside or not parts) and len(done) == parts:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(*cells)

    source = DelimitedFile(path, set(TOY.by_name), size)
    step = Scored.of(source, Killed(TOY, scorer(TOY)))
    run_of(path, table, size=size, step=step, progress=progress)()


def run_and_tell(path: Path, table: Path, size: int, told: Path) -> None:
    """Score in a process, and write down a line for each part that is begun."""

    class Telling(BatchScorer):
        def __call__(self, *cells: Any) -> pa.RecordBatch:
            with told.open("a") as file:
                file.write(".\n")
            return super().__call__(*cells)

    source = DelimitedFile(path, set(TOY.by_name), size)
    run_of(path, table, size=size, step=Scored.of(source, Telling(TOY, scorer(TOY))))()


class DyingScorer(BatchScorer):
    """Its process is killed when it scores."""

    def __call__(self, *_: Any) -> pa.RecordBatch:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def dying_scorer() -> BatchScorer:
    return DyingScorer(TOY, scorer(TOY))


def no_scorer() -> BatchScorer:
    raise UsageError("found no model, expected one")
