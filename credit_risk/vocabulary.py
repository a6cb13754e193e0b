"""The words of a loan application: fields, closed vocabularies, file codes, limits.

Everything that names a field or a category (API schema, file codes, encoded columns, load
test, tests) derives from here. Knows nothing of HTTP, files or models.

Source of fields and codes: the data set *CreditScoring* published with Gaston Sanchez's
multivariate course material, collected at UPC Barcelona; see ``data/README.md``.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = [
    "CATEGORIES",
    "CODES",
    "LIMITS",
    "MISSING_CODE",
    "OPTIONAL_FIELDS",
    "Decision",
    "Home",
    "Job",
    "Marital",
    "Records",
]


class Home(StrEnum):
    """Housing of the applicant."""

    UNK = "unk"
    RENT = "rent"
    OWNER = "owner"
    PRIVATE = "private"
    IGNORE = "ignore"
    PARENTS = "parents"
    OTHER = "other"


class Marital(StrEnum):
    """Marital status of the applicant."""

    UNK = "unk"
    SINGLE = "single"
    MARRIED = "married"
    WIDOW = "widow"
    SEPARATED = "separated"
    DIVORCED = "divorced"


class Records(StrEnum):
    """Whether there is a record of earlier trouble with credit."""

    NO = "no"
    YES = "yes"


class Job(StrEnum):
    """Kind of employment. ``partime`` is spelt so in every published copy of the data."""

    UNK = "unk"
    FIXED = "fixed"
    PARTIME = "partime"
    FREELANCE = "freelance"
    OTHERS = "others"


class Decision(StrEnum):
    """What the policy says about an application."""

    APPROVED = "APPROVED"
    MAYBE = "MAYBE"
    DECLINED = "DECLINED"


MISSING_CODE: Final = 99_999_999
"""How the file writes a missing number. Never accepted over HTTP, where missing is null."""

LIMITS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "seniority": (0, 70),
        "time": (1, 360),
        "age": (18, 120),
        "expenses": (0, 10_000_000),
        "income": (0, 10_000_000),
        "assets": (0, 10_000_000),
        "debt": (0, 10_000_000),
        "amount": (1, 10_000_000),
        "price": (1, 10_000_000),
    }
)
"""Smallest and largest accepted value of each numeric field, both included.

Years for seniority and age, months for time, the source's monetary unit for the others. Ten
million stays below 2**24, up to which float32 holds every whole number exactly.
"""

CATEGORIES: Final[Mapping[str, type[StrEnum]]] = MappingProxyType(
    {"home": Home, "marital": Marital, "records": Records, "job": Job}
)

OPTIONAL_FIELDS: Final = frozenset({"income", "assets", "debt"})
"""Fields that may be missing: those for which the file uses ``MISSING_CODE``."""

CODES: Final[Mapping[str, Mapping[int, StrEnum]]] = MappingProxyType(
    {
        "home": dict(enumerate(Home)),
        "marital": dict(enumerate(Marital)),
        "records": dict(enumerate(Records, start=1)),
        "job": dict(enumerate(Job)),
    }
)
"""The file's number for each category; the order of the enumerations is the file's."""
