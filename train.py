"""Train the credit-risk model and put it into the BentoML model store.

    python train.py                              on the embedded sample (synthetic)
    python train.py --data data/CreditScoring.csv    on a file or URL, CSV or Parquet
    python train.py --compare                    only compare with other models, store nothing
    python train.py --tune 100                   only search parameters, see --parameters
    python train.py --course                     the ML Zoomcamp lesson's model, for comparison

One run, top to bottom: read, split, fit, evaluate, compare, store, report.
"""

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from credit_risk.decision import PROHIBITED_FIELDS, REASON_CODES, STANDARD_POLICY, Policy, Reasons
from credit_risk.errors import CreditRiskError
from credit_risk.form import COLUMNS
from credit_risk.model import RiskModel, fingerprint
from credit_risk.registry import Columns, Data, ModelDescription, Thresholds, attach_report, save
from credit_risk.training import (
    COURSE,
    PARAMETERS,
    Dataset,
    Examples,
    Terminal,
    compare,
    count_fits,
    fit_booster,
    fit_vectorizer,
    measure,
    read_loans,
    render,
    standard,
)

SAMPLE = Path(__file__).parent / "data" / "sample.csv"
SPLIT_SEED = 11  # the course's, so that its published figures can be compared
TEST_SHARE = 0.2  # of all rows; never seen by the stored model
VALIDATION_SHARE = 0.25  # of the rest
LIMITS_OF_USE = [  # in the model card, and in the report
    "Learned from loans that were granted: what became of the refused is not known.",
    "From one lender, decades ago: fit and test it on loans of your own, and watch for drift.",
    "Money is in a unit that is not stated: applications in any other would be misjudged.",
    "Its guarantees compare known numbers: one that becomes known may move it either way.",
]
LIBRARIES = ("xgboost", "scikit-learn", "numpy", "bentoml")
CAPTION = (
    "train and validation: a model fitted on train; test: the stored model, fitted on both;\n"
    "out of fold: models that have not seen the loan. ECE and Brier are errors, small is good."
)


def main() -> None:
    args = options()
    terminal = Terminal()
    policy = Policy(args.review_above, args.decline_above)

    loans = read_loans(args.data)
    dropped = ", ".join(f"{count} {reason}" for reason, count in loans.dropped.items())
    terminal.say("read", f"{loans.name}: {loans.rows_read:,} rows, dropped: {dropped or 'none'}")
    vectorizer = fit_vectorizer()
    examples = Examples.encode(vectorizer, loans.records(), loans.defaulted)

    if args.tune:
        search(examples, loans, args, terminal)
        return
    recipe = COURSE if args.course else standard(args.parameters)
    comparison = None
    if args.repeats and not args.course:
        with terminal.progress("compare", count_fits(args.repeats), "fits") as on_fit:
            comparison = compare(
                examples, repeats=args.repeats, parameters=args.parameters, on_fit=on_fit
            )
        terminal.comparison(comparison)
    if args.compare:
        return

    seen, test = examples.split(TEST_SHARE, SPLIT_SEED)
    first, validation = seen.split(VALIDATION_SHARE, SPLIT_SEED)
    parts = {"train": first, "validation": validation, "test": test}
    terminal.say("split", ", ".join(f"{len(part):,} {name}" for name, part in parts.items()))

    with terminal.progress("fit", 2 * recipe.rounds, "trees") as on_round:
        trial = RiskModel(fit_booster(recipe, first, on_round).save_raw(), recipe.prepare())
        booster = fit_booster(recipe, seen, on_round)
        model = RiskModel(booster.save_raw(), recipe.prepare())

    measures = {
        name: measure(part.defaulted, (model if name == "test" else trial).predict(part.rows))
        for name, part in parts.items()
    }
    sizes = {name: len(part) for name, part in parts.items()}
    if comparison:
        measures["out of fold"] = measure(examples.defaulted, comparison.probabilities)
        sizes["out of fold"] = len(examples)

    description = ModelDescription(
        recipe=recipe.name,
        policy=Thresholds(**asdict(policy)),
        columns=Columns(names=list(COLUMNS), fingerprint=fingerprint(COLUMNS)),
        data=Data(
            name=loans.name,
            sha256=loans.sha256,
            synthetic=Path(args.data) == SAMPLE,
            rows={"read": loans.rows_read} | {name: len(p) for name, p in parts.items()},
            dropped=dict(loans.dropped),
        ),
        parameters={**recipe.parameters, "rounds": recipe.rounds},
        missing_as=recipe.missing_as,
        measures={name: found.as_dict() for name, found in measures.items()},
        inputs=list(recipe.inputs),
        guarantees=dict(recipe.never_falls_with),
        excluded_fields=[] if args.course else list(PROHIBITED_FIELDS),
        limits=LIMITS_OF_USE,
        versions={library: version(library) for library in LIBRARIES},
    )
    tag = save(booster, vectorizer, description)
    with terminal.waiting("report"):
        folded = Reasons(recipe.inputs).sum_by_reason(model.explain(examples.rows))
        importance = dict(
            zip((g.name for g in REASON_CODES), np.abs(folded).mean(axis=0), strict=True)
        )
        page = render(
            tag=tag,
            description=description,
            loans=loans,
            examples=examples,
            model=model,
            comparison=comparison,
            importance={name: float(value) for name, value in importance.items() if value > 0},
        )
    attach_report(tag, page)
    terminal.measures({name: (sizes[name], measures[name]) for name in measures}, CAPTION)
    terminal.say("report", "served at /model/report")
    terminal.say("store", tag)


def search(
    examples: Examples, loans: Dataset, args: argparse.Namespace, terminal: Terminal
) -> None:
    """Search parameters and write the best."""
    # Here, because importing Optuna takes a second that no other training should wait for.
    from credit_risk.training import tune, write_parameters  # noqa: PLC0415

    with terminal.progress("tune", args.tune, "trials") as on_trial:
        parameters, found = tune(examples, trials=args.tune, on_trial=on_trial)
    write_parameters(
        args.parameters,
        parameters,
        {
            "data": loans.name,
            "sha256": loans.sha256,
            "date": datetime.now(UTC).date(),
            "trials": args.tune,
            "found": found,
        },
    )
    terminal.say("tune", f"AUC {found:.4f}, written to {args.parameters.name}; now run train.py")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default=str(SAMPLE), help="CSV or Parquet, a path or a URL")
    parser.add_argument("--course", action="store_true", help="train the course's model")
    parser.add_argument("--compare", action="store_true", help="only compare, store nothing")
    parser.add_argument("--tune", type=int, metavar="N", help="only search, with N trials")
    parser.add_argument(
        "--parameters", type=Path, default=PARAMETERS, help="file of the parameters (%(default)s)"
    )
    parser.add_argument(
        "--repeats",
        type=int,
        default=3,
        choices=range(11),
        metavar="N",
        help="of the 5-fold cross-validation; 0 leaves the comparison out (%(default)s)",
    )
    parser.add_argument(
        "--review-above",
        type=float,
        default=STANDARD_POLICY.review_above,
        metavar="P",
        help="a person decides above this probability of default (%(default)s)",
    )
    parser.add_argument(
        "--decline-above",
        type=float,
        default=STANDARD_POLICY.decline_above,
        metavar="P",
        help="declined above this probability of default (%(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except CreditRiskError as error:
        sys.exit(f"train.py: {error}")
