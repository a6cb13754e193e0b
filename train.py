"""Train the credit-risk model and put it into the BentoML model store.

    python train.py                              on the embedded sample (synthetic)
    python train.py --data data/CreditScoring.csv    on a file or URL, CSV or Parquet
    python train.py --course                     the ML Zoomcamp lesson's model, for comparison

One run, top to bottom: read, split, fit, evaluate, store.
"""

import argparse
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from credit_risk import store
from credit_risk.columns import fingerprint
from credit_risk.errors import CreditRiskError
from credit_risk.model import RiskModel
from credit_risk.policy import DEFAULT_POLICY, Policy
from credit_risk.schema import Columns, Data, ModelDescription, Thresholds
from credit_risk.training.dataset import read_loans
from credit_risk.training.evaluation import measure
from credit_risk.training.fitting import Examples, Recipe, fit_booster, fit_vectorizer
from credit_risk.training.terminal import Terminal
from credit_risk.vocabulary import COLUMNS

SAMPLE = Path(__file__).parent / "data" / "sample.csv"
SPLIT_SEED = 11  # the course's, so that its published figures can be compared
TEST_SHARE = 0.2  # of all rows; never seen by the stored model
VALIDATION_SHARE = 0.25  # of the rest

STANDARD = Recipe(
    name="standard",
    parameters={
        "eta": 0.03,
        "max_depth": 3,
        "min_child_weight": 10,
        "subsample": 0.7,
        "colsample_bytree": 0.5,
        "lambda": 5,
    },
    rounds=400,
)
COURSE = Recipe(
    name="course",
    parameters={"eta": 0.1, "max_depth": 3, "min_child_weight": 1},
    rounds=175,
    missing_as=0.0,
)
LIBRARIES = ("xgboost", "scikit-learn", "numpy", "bentoml")


CAPTION = (
    "train and validation: a model fitted on train; test: the stored model, fitted on both.\n"
    "Gini = 2 AUC - 1, KS = max(TPR - FPR); Brier is an error, smaller is better."
)


def main() -> None:
    args = options()
    terminal = Terminal()
    recipe = COURSE if args.course else STANDARD
    policy = Policy(args.review_above, args.decline_above)

    loans = read_loans(args.data)
    dropped = ", ".join(f"{count} {reason}" for reason, count in loans.dropped.items())
    terminal.say("read", f"{loans.name}: {loans.rows_read:,} rows, dropped: {dropped or 'none'}")

    vectorizer = fit_vectorizer()
    examples = Examples.encode(vectorizer, loans.records(), loans.defaulted)
    seen, test = examples.split(TEST_SHARE, SPLIT_SEED)
    first, validation = seen.split(VALIDATION_SHARE, SPLIT_SEED)
    parts = {"train": first, "validation": validation, "test": test}
    terminal.say("split", ", ".join(f"{len(part):,} {name}" for name, part in parts.items()))

    with terminal.progress(2 * recipe.rounds) as on_round:
        trial = fit_booster(recipe, first, on_round)
        booster = fit_booster(recipe, seen, on_round)

    measures = {}
    for name, part in parts.items():
        model = RiskModel(booster if name == "test" else trial, missing_as=recipe.missing_as)
        measures[name] = measure(part.defaulted, model.predict(part.rows))

    tag = store.save(
        booster,
        vectorizer,
        ModelDescription(
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
            excluded_fields=[],
            versions={library: version(library) for library in LIBRARIES},
        ),
    )
    terminal.measures({n: (len(p), measures[n]) for n, p in parts.items()}, CAPTION)
    terminal.say("store", tag)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default=str(SAMPLE), help="CSV or Parquet, a path or a URL")
    parser.add_argument("--course", action="store_true", help="train the course's model")
    parser.add_argument(
        "--review-above",
        type=float,
        default=DEFAULT_POLICY.review_above,
        metavar="P",
        help="a person decides above this probability of default (%(default)s)",
    )
    parser.add_argument(
        "--decline-above",
        type=float,
        default=DEFAULT_POLICY.decline_above,
        metavar="P",
        help="declined above this probability of default (%(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except CreditRiskError as error:
        sys.exit(f"train.py: {error}")
