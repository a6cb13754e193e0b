"""The candidates: what they see, and that nothing of what is held out leaks into them."""

import numpy as np
import pytest
from course import COLUMNS, FORM

from credit_risk.training.candidates import FIT, Probabilities, Split, candidates_for, predict_all
from credit_risk.training.fitting import Examples
from credit_risk.training.recipes import PARAMETERS

CANDIDATES = candidates_for(FORM)


def said(examples: Examples, split: Split, name: str) -> Probabilities:
    """What a candidate says of the held-out loans of a split."""
    seen, held_out = split
    predict = FIT[name](Examples(examples.rows[seen], examples.defaulted[seen]), FORM, PARAMETERS)
    return predict(examples.rows[held_out]).astype(np.float64)


def test_only_the_last_candidate_sees_marital_status(examples: Examples) -> None:
    marital = np.array([name.startswith("marital=") for name in COLUMNS])
    seen, held_out = examples.split(0.2, 1)
    others = held_out.rows.copy()
    others[:, marital] = np.roll(others[:, marital], 1, axis=1)
    *_, ours, with_prohibited = (fit(seen, FORM, PARAMETERS) for fit in FIT.values())

    np.testing.assert_array_equal(ours(others), ours(held_out.rows))
    assert not np.array_equal(with_prohibited(others), with_prohibited(held_out.rows))


@pytest.mark.parametrize("name", CANDIDATES)
def test_what_is_held_out_leaves_no_trace_in_what_is_fitted(name: str, examples: Examples) -> None:
    # What is fitted (medians, scales, knots, weights) shows in what is said of one held-out loan,
    # one with a missing number. So nothing may change there when all the others become outliers.
    seen, held_out = np.split(np.random.default_rng(0).permutation(len(examples)), [480])
    rows = examples.rows.copy()
    rows[held_out[0], COLUMNS.index("income")] = np.nan
    outliers, opposite = rows.copy(), examples.defaulted.copy()
    outliers[np.ix_(held_out[1:], [COLUMNS.index(n) for n in ("income", "assets", "amount")])] = 9e6
    opposite[held_out] = ~opposite[held_out]

    before, after = (
        said(each, (seen, held_out), name)
        for each in (Examples(rows, examples.defaulted), Examples(outliers, opposite))
    )

    assert after[0] == pytest.approx(before[0], abs=1e-12)
    assert np.abs(after[1:] - before[1:]).max() > 0.01


def test_every_candidate_predicts_every_split(examples: Examples) -> None:
    halves = np.split(np.arange(len(examples)), 2)
    splits = [(halves[0], halves[1]), (halves[1], halves[0])]
    fits: list[int] = []

    found = predict_all(examples, FORM, splits, PARAMETERS, lambda: fits.append(1), workers=1)

    assert tuple(found) == CANDIDATES
    assert len(fits) == 2 * len(CANDIDATES)
    for name, parts in found.items():
        for part, split in zip(parts, splits, strict=True):
            np.testing.assert_array_equal(part, said(examples, split, name))
