"""The words of a loan application: fields, closed vocabularies, file codes, limits.

Everything that names a field or a category (API schema, file codes, encoded columns, load
test, tests) derives from here. Knows nothing of HTTP, files or models.

Source of fields and codes: the data set *CreditScoring* published with Gaston Sanchez's
multivariate course material, collected at UPC Barcelona; see ``data/README.md``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

# Literals and not enumerations: pydantic checks them faster (a quarter less time for an
# application), and plain text hashes and is written as JSON faster too.

Home = Literal["unk", "rent", "owner", "private", "ignore", "parents", "other"]
"""Housing of the applicant."""

Marital = Literal["unk", "single", "married", "widow", "separated", "divorced"]
"""Marital status of the applicant."""

Records = Literal["no", "yes"]
"""Whether there is a record of earlier trouble with credit."""

Job = Literal["unk", "fixed", "partime", "freelance", "others"]
"""Kind of employment. ``partime`` is spelt so in every published copy of the data."""

Decision = Literal["APPROVED", "MAYBE", "DECLINED"]
"""What the policy says about an application, mildest first."""

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

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "home": get_args(Home),
        "marital": get_args(Marital),
        "records": get_args(Records),
        "job": get_args(Job),
    }
)
"""Every word of each categorical field."""

COLUMNS: Final = tuple(
    sorted([*LIMITS, *(f"{field}={word}" for field, words in CATEGORIES.items() for word in words)])
)
"""Names of the 29 encoded columns in order; what every vectorizer must agree with."""

OPTIONAL_FIELDS: Final = frozenset({"income", "assets", "debt"})
"""Fields that may be missing: those for which the file uses ``MISSING_CODE``."""

CODES: Final[Mapping[str, Mapping[int, str]]] = MappingProxyType(
    {
        field: dict(enumerate(words, start=int("unk" not in words)))
        for field, words in CATEGORIES.items()
    }
)
"""The file's number for each category: in the order above, 0 for unknown."""
