"""Judge outcomes: each band of the policy by the same band of training.

The default rate of a band may be too high for its probabilities, and the AUC of the mildest band
too low for its reference. Both are tested, corrected for their number. The loans of other bands
were granted by people, who chose among them: their AUC is shown and judged by nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final

import numpy as np

from credit_risk.monitor.matching import Loan, Matched
from credit_risk.monitor.measures import Calibration, Ranking, calibrate, rank
from credit_risk.monitoring import holm
from credit_risk.registry import Band, ModelCard

ALARM: Final = 0.01
"""Share of files of an unchanged model in which chance alone gives an alarm."""
WATCH: Final = 0.05


@dataclass(frozen=True)
class BandOutcomes:
    """Loans that the policy decided alike.

    Attributes:
        status: outcome of the policy.
        band: the same at training; None of a status that the model does not know.
        calibration: of the loans.
        ranking: of the loans; compared with the band's only where the policy grants outright.
    """

    status: str
    band: Band | None
    calibration: Calibration
    ranking: Ranking


@dataclass(frozen=True)
class Judged:
    """What outcomes say of a model.

    Attributes:
        bands: mildest first; those with loans only.
        tests: corrected chance of each finding if nothing has changed, by what was tested.
        by_month: calibration by month of decision, of the mildest band.
        by_age: calibration by months on book, of the mildest band.
        by_override: calibration by decision of a person and decision of the policy.
        notes: why something could not be compared.
    """

    bands: list[BandOutcomes]
    tests: dict[str, float]
    by_month: dict[str, tuple[Calibration, Ranking]]
    by_age: dict[str, tuple[Calibration, Ranking]]
    by_override: dict[str, Calibration]
    notes: list[str]

    @property
    def alarms(self) -> list[str]:
        """What chance does not explain."""
        return [name for name, chance in self.tests.items() if chance < ALARM]

    @property
    def watched(self) -> list[str]:
        """What chance explains in one of twenty cases at most, and is no alarm."""
        return [name for name, chance in self.tests.items() if ALARM <= chance < WATCH]


def judge(matched: Matched, card: ModelCard) -> Judged:
    """Judge the loans of a model; there is at least one."""
    statuses = card.policy.statuses
    mildest = statuses[0]
    references = card.bands.outcomes if matched.own_policy else {}
    split = _split(matched.loans, lambda loan: loan.status)
    order = sorted(split, key=lambda word: (word not in statuses, [*statuses, word].index(word)))
    bands = [
        BandOutcomes(word, references.get(word), *_measure(split[word], references, word, mildest))
        for word in order
    ]
    chances = {f"default rate of {each.status}": each.calibration.p_value for each in bands}
    for each in bands:
        if each.status == mildest and not isnan(each.ranking.p_value):
            chances[f"AUC of {mildest}"] = each.ranking.p_value
    granted = split.get(mildest, [])
    overridden = [loan for loan in matched.loans if loan.override]
    by_override = _split(overridden, lambda loan: f"{loan.status}, by a person {loan.override}")
    return Judged(
        bands=bands,
        tests=dict(zip(chances, holm([*chances.values()]), strict=True)),
        by_month=_by(granted, lambda loan: loan.month),
        by_age=_by(granted, lambda loan: f"{loan.months_on_book:02}"),
        by_override={name: _calibrate(loans) for name, loans in by_override.items()},
        notes=_notes(matched),
    )


def _measure(
    loans: Sequence[Loan], references: dict[str, Band], word: str, mildest: str
) -> tuple[Calibration, Ranking]:
    band = references.get(word) if word == mildest else None
    return _calibrate(loans), _rank(loans, band)


def _by(
    loans: Iterable[Loan], key: Callable[[Loan], str]
) -> dict[str, tuple[Calibration, Ranking]]:
    split = _split(loans, key)
    return {name: (_calibrate(split[name]), _rank(split[name], None)) for name in sorted(split)}


def _split(loans: Iterable[Loan], key: Callable[[Loan], str]) -> dict[str, list[Loan]]:
    split: dict[str, list[Loan]] = {}
    for loan in loans:
        split.setdefault(key(loan), []).append(loan)
    return split


def _calibrate(loans: Sequence[Loan]) -> Calibration:
    return calibrate(*_arrays(loans))


def _rank(loans: Sequence[Loan], band: Band | None) -> Ranking:
    return rank(*_arrays(loans), band)


def _arrays(loans: Sequence[Loan]) -> tuple[np.ndarray, np.ndarray]:
    defaulted = np.array([loan.defaulted for loan in loans], dtype=bool)
    return defaulted, np.array([loan.probability for loan in loans])


def _notes(matched: Matched) -> list[str]:
    notes = []
    if not matched.own_policy:
        notes.append(
            "another policy than the model's own decided on some: no band has a reference, so only "
            "default rates are judged"
        )
    notes += [
        f"{count:,} outcomes are of decisions by {tag}; --model {tag} judges them"
        for tag, count in matched.others.most_common()
    ]
    if matched.open:
        notes.append(f"{matched.open:,} outcomes are not known yet")
    return notes
