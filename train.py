"""Train the credit-risk model and store it, with its report, in the BentoML model store.

    python train.py                                  on the synthetic sample, data/sample.csv
    python train.py --data data/CreditScoring.csv    on a file or URL: CSV, Parquet or XLSX
    python train.py --compare                        compare with other models, store nothing
    python train.py --tune 100                       search parameters in 100 trials, store nothing
    python train.py --course                         the ML Zoomcamp lesson's model, to compare with
    python train.py --form mine/form.py --data mine.csv          on loans and a form of your own

First the knobs, then one run from top to bottom. What goes wrong is one sentence and exit code 2.
"""

import signal
import sys
from typing import NoReturn

ENDINGS = (signal.SIGINT, signal.SIGTERM)


def ignore_endings() -> None:
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)


def interrupt(ending: int, _: object) -> NoReturn:
    """End with one sentence, already while the other imports run, which take seconds."""
    ignore_endings()  # a second one would disturb the tidying up
    sys.stderr.write("train.py: interrupted; nothing was stored\n")
    sys.exit(128 + ending)


if __name__ == "__main__":
    for ending in ENDINGS:
        signal.signal(ending, interrupt)

import argparse
import asyncio
import shlex
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
from bentoml.exceptions import BentoMLConfigException

from credit_risk import monitoring, registry, training
from credit_risk.decision import (
    STANDARD_POLICY,
    Decider,
    Reasons,
    Scorer,
    read_policy,
    two_lines,
)
from credit_risk.errors import CreditRiskError
from credit_risk.form import OWN_FORM, Form, load_form
from credit_risk.model import Encoder, RiskModel, Rows, fingerprint

SAMPLE = Path(__file__).parent / "data" / "sample.csv"
TUNED = Path("reports/parameters.toml")  # which git ignores
REVIEW, DECLINE = STANDARD_POLICY.lines.values()
SPLIT_SEED = 11  # the course's, so that its published figures can be compared
TEST_SHARE = 0.2  # of all loans; the stored model never sees them
VALIDATION_SHARE = 0.25  # of the other loans
SPLIT = (  # for the model card
    f"{TEST_SHARE:.0%} of all loans, drawn at random, are the test part; of the others "
    f"{VALIDATION_SHARE:.0%} are the validation part; the stored trees learned from all but test"
)


class Options(argparse.ArgumentParser):
    """Options whose mistakes are one sentence, as all others are."""

    def error(self, message: str) -> NoReturn:
        """End with it."""
        self.exit(2, f"train.py: {message}; python train.py --help lists the options\n")


def number(low: float, high: float, kind: type[float] = float) -> Callable[[str], float]:
    def read(text: str) -> float:
        with suppress(ValueError):
            if low <= kind(text) <= high:
                return kind(text)
        msg = f"found {text!r}, expected {KINDS[kind]} from {low} to {high}"
        raise argparse.ArgumentTypeError(msg)

    return read


KINDS = {int: "a whole number", float: "a number"}
options = Options(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
option = options.add_argument
option("--form", metavar="FORM", help="of the applications: a module or a Python file")
option("--data", help="loans: a path or a URL of CSV, Parquet or XLSX (data/sample.csv)")
option("--parameters", type=Path, default=training.PARAMETERS, help="of the trees: a TOML file")
repeats_help = "of the 5-fold cross-validation; 0 leaves the comparison out (%(default)s)"
option("--repeats", type=number(0, 10, int), default=3, metavar="N", help=repeats_help)
above = "probability of default, 0 to 1, above which "
review_help = above + "a person decides (%(default)s)"
option("--review-above", type=number(0, 1), default=REVIEW, metavar="P", help=review_help)
decline_help = above + "an application is declined (%(default)s)"
option("--decline-above", type=number(0, 1), default=DECLINE, metavar="P", help=decline_help)
policy_help = "outcomes and knock-out rules instead: a TOML file (docs/policy.md)"
option("--policy", type=Path, metavar="FILE", help=policy_help)
option("--tuned", type=Path, default=TUNED, help="file that --tune writes (%(default)s)")
tune_help = "search parameters in N trials, store nothing"
option = options.add_mutually_exclusive_group().add_argument
option("--compare", action="store_true", help="compare with other models, store nothing")
option("--tune", type=number(1, 100_000, int), metavar="N", help=tune_help)
option("--course", action="store_true", help="train the course's model")
LINES = ("review_above", "decline_above")
IDLE = {  # options that would do nothing beside another one
    "tune": ("repeats", "policy", *LINES),
    "compare": ("policy", *LINES, "tuned"),
    "course": ("parameters", "repeats", "tuned"),
    "policy": LINES,
    "": ("tuned",),
}


def parse() -> argparse.Namespace:
    args = options.parse_args()
    if args.compare and not args.repeats:
        options.error("argument --compare: found --repeats 0, expected --repeats of 1 or more")
    given = [each for each in IDLE if each and getattr(args, each)]
    for other in given if args.tune else [*given, ""]:
        for idle in IDLE[other]:
            if getattr(args, idle) not in {options.get_default(idle), 0}:
                where = f"with --{other}" if other else "without --tune"
                options.error(f"argument --{idle.replace('_', '-')}: does nothing {where}")
    return args


def form_of(args: argparse.Namespace) -> Form:
    configuration = registry.read_settings(__file__)
    form = load_form(args.form) if args.form else registry.configured_form(configuration)
    if form.module != OWN_FORM and args.course:
        options.error(f"argument --course: found the form {form.name}, expected the course's own")
    if form.module != OWN_FORM and not args.data:
        options.error(f"argument --data: expected, since data/sample.csv is not of {form.name}")
    return form


def decider_of(args: argparse.Namespace, form: Form) -> Decider:
    if args.policy:
        return Decider(read_policy(args.policy), form, str(args.policy))
    return Decider(two_lines(args.review_above, args.decline_above), form)


LIBRARIES = ("xgboost", "scikit-learn", "numpy", "bentoml")  # versions in the model card


def tune(
    args: argparse.Namespace,
    form: Form,
    terminal: training.Terminal,
    loans: training.Dataset,
    examples: training.Examples,
) -> None:
    training.require_writable(args.tuned)
    with terminal.progress("tune", args.tune, "trials") as on_trial:
        parameters, auc = training.tune(
            examples, form, trials=args.tune, parameters=args.parameters, on_trial=on_trial
        )
    provenance = {"data": loans.name, "sha256": loans.sha256, "date": datetime.now(UTC).date()}
    provenance |= {"trials": args.tune, "found": auc}
    training.write_parameters(args.tuned, parameters, provenance)
    terminal.say("tune", f"AUC {auc:.4f}, parameters written to {args.tuned}")
    given = {"--form": args.form, "--data": args.data, "--parameters": args.tuned}
    said = (f"{name} {shlex.quote(str(value))}" for name, value in given.items() if value)
    terminal.say("next", f"python train.py {' '.join(said)}")


def measure_bands(
    decider: Decider, source: str, loans: training.Examples, probabilities: np.ndarray
) -> registry.Bands:
    decisions, outcomes = decider.decide(loans.rows, probabilities), decider.policy.statuses
    found = training.measure_bands(decisions, loans.defaulted, probabilities, outcomes)
    return registry.Bands(source=source, outcomes=found)


def count_reference(recipe: training.Recipe, decider: Decider, model: RiskModel, rows: Rows) -> str:
    form = recipe.form
    reasons = {"en": Reasons(form, recipe.inputs)}
    scorer = Scorer(Encoder(form), *registry.calls_of(model), decider, reasons, recipe.name)
    counted = asyncio.run(monitoring.make_reference(form, scorer, rows))
    return counted.model_dump_json(indent=1)


def main(args: argparse.Namespace) -> None:
    terminal = training.Terminal()
    form = form_of(args)
    decider = decider_of(args, form)
    recipe = training.course(form) if args.course else training.standard(form, args.parameters)
    stores = not (args.tune or args.compare)
    tag = training.new_tag(recipe.name) if stores else ""  # before any work: the store may refuse

    for caution in form.cautions:
        terminal.say("caution", caution)
    loans = training.read_loans(args.data or SAMPLE, form)
    left_out = [f"{count:,} left out for {reason}" for reason, count in loans.dropped.items()]
    found = ", ".join([f"{loans.rows_read:,} rows", *(left_out or ["none left out"])])
    terminal.say("read", "; ".join([f"{loans.name}: {found}", *loans.notes]))
    examples = training.Examples.encode(form, loans)
    examples.require_both(training.FOLDS, loans.name)
    if args.tune:
        tune(args, form, terminal, loans, examples)
        return

    seen, test = examples.split(TEST_SHARE, SPLIT_SEED)
    first, validation = seen.split(VALIDATION_SHARE, SPLIT_SEED)
    parts = {"train": first, "validation": validation, "test": test}
    for part, drawn in parts.items():
        drawn.require_both(1, f"{loans.name}: the {part} part")
    sizes = {part: len(drawn) for part, drawn in parts.items()}

    comparison = None
    if args.repeats and not args.course:
        fits = training.count_fits(form, args.repeats)
        with terminal.progress("compare", fits, "fits") as on_fit:
            comparison = training.compare(
                examples, form, repeats=args.repeats, parameters=args.parameters, on_fit=on_fit
            )
        terminal.comparison(comparison)
    if args.compare:
        return
    if not comparison:
        terminal.say("compare", "left out; python train.py --compare does only this")

    terminal.say("split", ", ".join(f"{size:,} {part}" for part, size in sizes.items()))
    with terminal.progress("fit", 2 * recipe.rounds, "trees") as on_round:
        _, trial = training.fit_model(recipe, first, on_round)
        booster, model = training.fit_model(recipe, seen, on_round)

    measures = {
        "train": training.measure(first.defaulted, trial.predict(first.rows)),
        "validation": training.measure(validation.defaulted, trial.predict(validation.rows)),
        "test": training.measure(test.defaulted, model.predict(test.rows)),
    }
    bands = measure_bands(decider, "test", test, model.predict(test.rows))
    if comparison:
        measures["out of fold"] = training.measure(examples.defaulted, comparison.probabilities)
        bands = measure_bands(decider, "out of fold", examples, comparison.probabilities)

    description = registry.ModelDescription(
        recipe=recipe.name,
        trained=registry.Trained(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            revision=training.current_revision(Path(__file__).parent, form.module),
            by=training.current_user(),
            seeds={"split": SPLIT_SEED, "trees": training.TREE_SEED},
            split=SPLIT,
        ),
        form=registry.FormPart(module=form.module, fingerprint=form.fingerprint, **form.data),
        policy=decider.policy,
        columns=registry.Columns(names=list(form.columns), fingerprint=fingerprint(form.columns)),
        data=registry.Data(
            name=loans.name,
            sha256=loans.sha256,
            synthetic=loans.sha256 == sha256(SAMPLE.read_bytes()).hexdigest(),
            rows={"read": loans.rows_read, **sizes},
            dropped=dict(loans.dropped),
        ),
        parameters={**recipe.parameters, "rounds": recipe.rounds},
        missing_as=recipe.missing_as,
        measures={part: found.as_dict() for part, found in measures.items()},
        bands=bands,
        inputs=list(recipe.inputs),
        guarantees=dict(recipe.never_falls_with),
        excluded_fields=[] if args.course else list(form.prohibited),
        limits=list(form.limits_of_use),
        versions={library: version(library) for library in LIBRARIES},
    )

    with terminal.waiting("report"):
        by_reason = Reasons(form, recipe.inputs).sum_by_reason(model.explain(examples.rows))
        importance = np.abs(by_reason).mean(axis=0).tolist()
        page = training.render(
            form=form,
            tag=tag,
            description=description,
            loans=loans,
            examples=examples,
            model=model,
            comparison=comparison,
            importance={
                reason.name: value
                for reason, value in zip(form.reason_codes, importance, strict=True)
                if value > 0
            },
        )
    files = {
        registry.REPORT: page,
        registry.GOLDEN: registry.GoldenAnswers.of(form, model).model_dump_json(indent=1),
        monitoring.REFERENCE: count_reference(recipe, decider, model, seen.rows),
    }
    terminal.measures(measures, sizes | {"out of fold": len(examples)})

    ignore_endings()  # the last step is short, and made whole
    training.publish(tag, booster, training.fit_vectorizer(form), description, files)
    terminal.say("report", "served at /model/report")
    terminal.say("store", tag)


if __name__ == "__main__":
    try:
        main(parse())
    except (CreditRiskError, BentoMLConfigException, OSError) as error:
        sys.stderr.write(f"train.py: {error}\n")
        sys.exit(2)
