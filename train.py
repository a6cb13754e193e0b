"""Train the credit-risk model and store it, with its report, in the BentoML model store.

    python train.py                                  on the synthetic sample, data/sample.csv
    python train.py --data data/CreditScoring.csv    on a file or URL: CSV, Parquet or XLSX
    python train.py --compare                        compare with other models, store nothing
    python train.py --tune 100                       search parameters in 100 trials, store nothing
    python train.py --course                         the ML Zoomcamp lesson's model, to compare with

First the knobs, then one run from top to bottom.
"""

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

from credit_risk import registry, training
from credit_risk.decision import PROHIBITED_FIELDS, REASON_CODES, STANDARD_POLICY, Policy, Reasons
from credit_risk.errors import CreditRiskError
from credit_risk.form import COLUMNS
from credit_risk.model import RiskModel, fingerprint

SAMPLE = Path(__file__).parent / "data" / "sample.csv"
REVIEW, DECLINE = STANDARD_POLICY.review_above, STANDARD_POLICY.decline_above
SPLIT_SEED = 11  # the course's, so that its published figures can be compared
TEST_SHARE = 0.2  # of all loans; the stored model never sees them
VALIDATION_SHARE = 0.25  # of the other loans

options = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
option = options.add_argument
option("--data", default=str(SAMPLE), help="loans: a path or a URL of CSV, Parquet or XLSX")
option("--parameters", type=Path, default=training.PARAMETERS, help="of the trees: a TOML file")
repeats_help = "of the 5-fold cross-validation; 0 leaves the comparison out (%(default)s)"
option("--repeats", type=int, default=3, choices=range(11), metavar="N", help=repeats_help)
above = "probability of default, 0 to 1, above which "
review_help = above + "a person decides (%(default)s)"
option("--review-above", type=float, default=REVIEW, metavar="P", help=review_help)
decline_help = above + "an application is declined (%(default)s)"
option("--decline-above", type=float, default=DECLINE, metavar="P", help=decline_help)
option("--compare", action="store_true", help="compare with other models, store nothing")
option("--tune", type=int, metavar="N", help="search parameters in N trials, store nothing")
option("--course", action="store_true", help="train the course's model")

LIMITS_OF_USE = [  # in the model card and in the report
    "Learned from loans that were granted: what became of the refused is not known.",
    "From one lender, decades ago: fit and test it on loans of your own, and watch for drift.",
    "Money is in a unit that is not stated: applications in any other would be misjudged.",
    "Its guarantees compare known numbers: one that becomes known may move it either way.",
]
LIBRARIES = ("xgboost", "scikit-learn", "numpy", "bentoml")  # versions in the model card


def main(args: argparse.Namespace) -> None:
    terminal = training.Terminal()
    policy = Policy(args.review_above, args.decline_above)

    loans = training.read_loans(args.data)
    dropped = ", ".join(f"{count} {reason}" for reason, count in loans.dropped.items())
    read_as = f"; read as {', '.join(loans.notes)}" if loans.notes else ""
    found = f"{loans.rows_read:,} rows, dropped: {dropped or 'none'}{read_as}"
    terminal.say("read", f"{loans.name}: {found}")
    vectorizer = training.fit_vectorizer()
    examples = training.Examples.encode(vectorizer, loans.records(), loans.defaulted)

    if args.tune:
        with terminal.progress("tune", args.tune, "trials") as on_trial:
            parameters, auc = training.tune(examples, trials=args.tune, on_trial=on_trial)
        provenance = {"data": loans.name, "sha256": loans.sha256, "date": datetime.now(UTC).date()}
        provenance |= {"trials": args.tune, "found": auc}
        training.write_parameters(args.parameters, parameters, provenance)
        terminal.say("tune", f"AUC {auc:.4f}, written to {args.parameters.name}; now run train.py")
        return

    recipe = training.COURSE if args.course else training.standard(args.parameters)
    comparison = None
    if args.repeats and not args.course:
        with terminal.progress("compare", training.count_fits(args.repeats), "fits") as on_fit:
            comparison = training.compare(
                examples, repeats=args.repeats, parameters=args.parameters, on_fit=on_fit
            )
        terminal.comparison(comparison)
    if args.compare:
        return

    seen, test = examples.split(TEST_SHARE, SPLIT_SEED)
    first, validation = seen.split(VALIDATION_SHARE, SPLIT_SEED)
    sizes = {"train": len(first), "validation": len(validation), "test": len(test)}
    terminal.say("split", ", ".join(f"{size:,} {part}" for part, size in sizes.items()))

    with terminal.progress("fit", 2 * recipe.rounds, "trees") as on_round:
        trial_booster = training.fit_booster(recipe, first, on_round)
        booster = training.fit_booster(recipe, seen, on_round)
    trial = RiskModel(trial_booster.save_raw(), recipe.prepare())
    model = RiskModel(booster.save_raw(), recipe.prepare())

    measures = {
        "train": training.measure(first.defaulted, trial.predict(first.rows)),
        "validation": training.measure(validation.defaulted, trial.predict(validation.rows)),
        "test": training.measure(test.defaulted, model.predict(test.rows)),
    }
    if comparison:
        measures["out of fold"] = training.measure(examples.defaulted, comparison.probabilities)

    description = registry.ModelDescription(
        recipe=recipe.name,
        policy=registry.Thresholds(**asdict(policy)),
        columns=registry.Columns(names=list(COLUMNS), fingerprint=fingerprint(COLUMNS)),
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
        inputs=list(recipe.inputs),
        guarantees=dict(recipe.never_falls_with),
        excluded_fields=[] if args.course else list(PROHIBITED_FIELDS),
        limits=LIMITS_OF_USE,
        versions={library: version(library) for library in LIBRARIES},
    )
    tag = registry.save(booster, vectorizer, description)

    with terminal.waiting("report"):
        by_reason = Reasons(recipe.inputs).sum_by_reason(model.explain(examples.rows))
        importance = np.abs(by_reason).mean(axis=0).tolist()
        page = training.render(
            tag=tag,
            description=description,
            loans=loans,
            examples=examples,
            model=model,
            comparison=comparison,
            importance={
                reason.name: value
                for reason, value in zip(REASON_CODES, importance, strict=True)
                if value > 0
            },
        )
    registry.attach_report(tag, page)
    terminal.measures(measures, sizes | {"out of fold": len(examples)})
    terminal.say("report", "served at /model/report")
    terminal.say("store", tag)


if __name__ == "__main__":
    try:
        main(options.parse_args())
    except CreditRiskError as error:
        sys.exit(f"train.py: {error}")
