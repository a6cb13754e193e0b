"""Train models of other sizes than the course's, to see what a tree costs.

    python -m benchmarks.forest DATA 100 200 400

Stores one model for each number of trees, like the one of ``CREDIT_RISK_MODEL`` in all else, and
prints their tags.
"""

import sys

from benchmarks.peers.common import FORM, stored_model
from credit_risk.registry import GOLDEN, GoldenAnswers, ModelDescription
from credit_risk.training import (
    Examples,
    Recipe,
    fit_model,
    fit_vectorizer,
    new_tag,
    publish,
    read_loans,
)


def main() -> None:
    """Train and store."""
    data, *sizes = sys.argv[1:]
    examples = Examples.encode(FORM, read_loans(data, FORM))
    metadata = stored_model().info.metadata
    like = ModelDescription(**{key: metadata[key] for key in metadata if key != "files"})
    parameters = {name: value for name, value in like.parameters.items() if name != "rounds"}
    for trees in sizes:
        recipe = Recipe(
            f"{trees} trees",
            parameters,
            int(trees),
            form=FORM,
            inputs=tuple(like.inputs),
            never_falls_with=like.guarantees,
            missing_as=like.missing_as,
        )
        booster, model = fit_model(recipe, examples)
        changes = {"recipe": "growth", "parameters": {**parameters, "rounds": int(trees)}}
        tag = new_tag("growth")
        files = {GOLDEN: GoldenAnswers.of(FORM, model).model_dump_json()}
        publish(tag, booster, fit_vectorizer(FORM), like.model_copy(update=changes), files)
        sys.stdout.write(f"{tag}\n")


if __name__ == "__main__":
    main()
