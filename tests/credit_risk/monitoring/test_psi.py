"""PSI: the values of a library, false alarms that are as rare as said, and shifts that are found.

``LIBRARY`` has the results of psi-inference 0.1.0 (PyPI): ``psi_statistic`` of both counts with 0.5
added to each, ``psi_critical_value`` at 5 %, and ``psi_pvalue``.
"""

import numpy as np
import pytest

from credit_risk.monitoring.psi import (
    WARN,
    chi_square_quantile,
    chi_square_tail,
    critical_value,
    holm,
    p_value,
    psi,
)

DECILES = [359, 349, 359, 377, 341, 346, 350, 347, 354, 351]
"""Of the incomes that a model learned from."""
LIBRARY = [
    ([50, 50], [60, 40], 0.03973677137864377, 0.07682917641388248, 0.15867182766005072),
    (
        DECILES,
        [10, 20, 21, 23, 19, 27, 30, 20, 15, 15],
        0.08027439316074723,
        0.089383729688718,
        0.08572437109055762,
    ),
    ([2000, 900, 663], [100, 0, 100], 1.4719584335251334, 0.03163890133422302, 2.95994723442e-61),
    ([100, 200, 300, 400], [1, 2, 3, 4], 0.0075747887260033, 0.7892875182283692, 0.9946587594174),
    ([5, 0, 7], [0, 3, 1], 2.380360090300865, 1.997154849035993, 0.0281406498120096),
]
FIELDS = 16
REFERENCE = 3563


@pytest.mark.parametrize(("reference", "counts", "found", "critical", "chance"), LIBRARY)
def test_values_are_those_of_a_library(
    reference: list[int], counts: list[int], found: float, critical: float, chance: float
) -> None:
    sizes = sum(reference), sum(counts), len(counts)

    assert psi(reference, counts) == pytest.approx(found, abs=1e-12)
    assert critical_value(*sizes) == pytest.approx(critical, abs=1e-12)
    assert p_value(found, *sizes) == pytest.approx(chance, abs=1e-12)


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 40])
@pytest.mark.parametrize("share", [0.5, 0.95, 0.9999])
def test_a_quantile_has_its_share_below_it(freedom: int, share: float) -> None:
    found = chi_square_quantile(share, freedom)

    assert chi_square_tail(found, freedom) == pytest.approx(1 - share, abs=1e-12)


def test_one_bin_cannot_drift() -> None:
    assert psi([10], [3]) == 0
    assert critical_value(10, 3, bins=1) == 0
    assert p_value(0, 10, 3, bins=1) == 1


def test_holm_corrects_the_smallest_most_and_keeps_their_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


def test_windows_without_drift_give_an_alarm_in_one_of_a_hundred_at_most() -> None:
    random = np.random.default_rng(7)
    windows, rows = 1000, 500
    shares = np.array(DECILES) / sum(DECILES)
    reference = random.multinomial(REFERENCE, shares, (windows, FIELDS))
    later = random.multinomial(rows, shares, (windows, FIELDS))

    found = psi(reference, later)

    critical = critical_value(REFERENCE, rows, len(shares), level=0.05 / FIELDS)
    alarms = ((found > critical) & (found >= WARN)).any(axis=1)
    assert alarms.mean() <= 0.01


def test_a_shift_of_half_a_standard_deviation_is_found() -> None:
    random = np.random.default_rng(7)
    windows, rows = 300, 1000
    then = random.normal(size=REFERENCE)
    edges = np.quantile(then, np.arange(1, 10) / 10)
    reference = np.bincount(np.searchsorted(edges, then), minlength=10)
    places = np.searchsorted(edges, random.normal(0.5, size=(windows, rows)))
    counts = np.apply_along_axis(np.bincount, 1, places, minlength=10)

    found = psi(reference, counts)

    critical = critical_value(REFERENCE, rows, len(reference), level=0.05 / FIELDS)
    assert ((found > critical) & (found >= WARN)).mean() >= 0.99
