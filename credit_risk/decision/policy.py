"""The decision policy: data, which a lender changes without training anew.

Ordered outcomes, the mildest first, each up to a probability of default; and knock-out rules, which
make a decision as severe as they say, whatever the probability is. As a file::

    [[outcomes]]
    status = "APPROVED"
    up_to = 0.3                       # probability of default

    [[outcomes]]
    status = "MAYBE"
    up_to = 0.5

    [[outcomes]]
    status = "DECLINED"               # all others

    [[rules]]
    field = "amount"                  # of the form
    above = 5000                      # or below, equals (a word, words, true, false), missing
    outcome = "MAYBE"
    code = "LARGE_AMOUNT"
    sentences.en = "A person looks at every loan of this amount."

Worked example with these outcomes: 0.30 is APPROVED, 0.31 and 0.50 are MAYBE, 0.51 is DECLINED.
"""

import hashlib
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)

from credit_risk.errors import PolicyError
from credit_risk.form import plain

STATUS: Final = r"^[A-Za-z][A-Za-z0-9_]{0,39}$"
CODE: Final = r"^[A-Z][A-Z0-9_]{0,39}$"
IN_WORDS: Final = {
    STATUS: "a letter and then up to 39 letters, digits or _",
    CODE: "a capital letter and then up to 39 capital letters, digits or _",
}

Words = str | tuple[str, ...]
Exact = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Outcome(BaseModel):
    """What a decision can be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Annotated[str, Field(pattern=STATUS, description="The word of the answer.")]
    up_to: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Largest probability of default, 0 to 1; null for the last outcome."
    )


class Rule(BaseModel):
    """A knock-out: one condition on one field, and the outcome that is the mildest then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(description="Of the form.")
    below: Exact | None = Field(None, description="It holds for smaller numbers.")
    above: Exact | None = Field(None, description="It holds for larger numbers.")
    equals: StrictBool | Words | None = Field(None, description="It holds for these words.")
    missing: bool = Field(default=False, description="It holds where the field is not stated.")
    outcome: str = Field(description="The mildest outcome where the condition holds.")
    code: Annotated[str, Field(pattern=CODE, description="Of the reason.")]
    sentences: dict[str, str] = Field(description="For the applicant, by language.")

    @model_validator(mode="after")
    def _has_one_condition(self) -> Self:
        conditions = {"below": self.below, "above": self.above, "equals": self.equals}
        conditions["missing"] = self.missing or None
        given = [name for name, value in conditions.items() if value is not None]
        if len(given) != 1:
            found = " and ".join(given) or "no condition"
            msg = f"found {found}, expected one of {', '.join(conditions)}"
            raise ValueError(msg)
        return self

    @property
    def condition(self) -> str:
        """The condition, as the analyst reads it."""
        if self.below is not None:
            return f"below {plain(self.below)}"
        if self.above is not None:
            return f"above {plain(self.above)}"
        if isinstance(self.equals, bool):
            return "yes" if self.equals else "no"
        return " or ".join(self.words) or "not stated"

    @property
    def words(self) -> tuple[str, ...]:
        """The words that it holds for; none where its condition is another one."""
        if isinstance(self.equals, str):
            return (self.equals,)
        return self.equals if isinstance(self.equals, tuple) else ()


class Policy(BaseModel):
    """Where the lines are drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcomes: tuple[Outcome, ...] = Field(min_length=2, description="The mildest first.")
    rules: tuple[Rule, ...] = Field((), description="Knock-outs, the most important first.")
    sha256: str = Field("", description="SHA-256 of all of this; a file need not have it.")

    @property
    def statuses(self) -> tuple[str, ...]:
        """Words of the outcomes, the mildest first."""
        return tuple(outcome.status for outcome in self.outcomes)

    @property
    def lines(self) -> dict[str, float]:
        """Largest probability of each outcome but the last, in order."""
        return {each.status: each.up_to for each in self.outcomes[:-1] if each.up_to is not None}

    def decide(self, probability: float) -> str:
        """Say what a probability of default (0-1) means where no rule holds."""
        return self.statuses[bisect_left(list(self.lines.values()), probability)]

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        given = [each.up_to for each in self.outcomes]
        lines = [each for each in given[:-1] if each is not None]
        if given[-1] is not None or len(lines) != len(given) - 1 or lines != sorted(lines):
            msg = f"found up_to of {_listed(given)}, expected rising ones and none for the last"
            raise ValueError(msg)
        for what, every in (("status", self.statuses), ("code", [r.code for r in self.rules])):
            if twice := [each for each in every if every.count(each) > 1]:
                msg = f"found the {what} {twice[0]} twice, expected it once"
                raise ValueError(msg)
        if odd := [rule for rule in self.rules if rule.outcome not in self.statuses]:
            msg = f"found the outcome {odd[0].outcome!r} in the rule {odd[0].code}, "
            msg += f"expected one of {', '.join(self.statuses)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _has_its_hash(self) -> Self:
        content = self.model_dump_json(exclude={"sha256"})
        found = hashlib.sha256(content.encode()).hexdigest()
        if self.sha256 not in ("", found):
            msg = f"found sha256 {self.sha256[:12]!r}, expected {found[:12]}, or none"
            raise ValueError(msg)
        object.__setattr__(self, "sha256", found)  # it is frozen
        return self


def make_policy(content: Mapping[str, Any], source: str = "policy") -> Policy:
    """Make a policy of data.

    Args:
        content: outcomes and rules.
        source: of the data, for the message.

    Raises:
        PolicyError: names the source, and the outcome or the rule.
    """
    try:
        return Policy.model_validate(content)
    except ValidationError as error:  # a misspelt key before the one that it stands for
        first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    parts = source, _place(first["loc"], content), _problem(first)
    raise PolicyError(": ".join(filter(None, parts)))


def read_policy(path: Path) -> Policy:
    """Read a policy from a TOML file.

    Raises:
        PolicyError: if it cannot be read, or makes no sense; one sentence.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: found {error.strerror}, expected a file with the policy"
        raise PolicyError(msg) from None
    except ValueError as error:
        msg = f"{path}: found {error}, expected TOML in UTF-8"
        raise PolicyError(msg) from None
    return make_policy(content, str(path))


def two_lines(review_above: float, decline_above: float) -> Policy:
    """Make the course's kind of policy: APPROVED, MAYBE (a person decides), DECLINED.

    Args:
        review_above: probability of default above which a person decides.
        decline_above: probability above which an application is declined.

    Raises:
        PolicyError: unless 0 < review_above <= decline_above < 1.
    """
    if not 0 < review_above <= decline_above < 1:
        msg = (
            f"policy: found review_above {review_above} and decline_above "
            f"{decline_above}, expected 0 < review_above <= decline_above < 1"
        )
        raise PolicyError(msg)
    lines = (("APPROVED", review_above), ("MAYBE", decline_above), ("DECLINED", None))
    return Policy(outcomes=tuple(Outcome(status=name, up_to=line) for name, line in lines))


def _place(loc: tuple[int | str, ...], content: Mapping[str, Any]) -> str:
    """Name a place in a policy; a rule by its code, if it has one."""
    match content, loc:
        case {"rules": rules}, ("rules", int(number), *rest):
            match rules[number]:
                case {"code": str(code)}:
                    return ": ".join([f"rule {code}", *map(str, rest)])
    return ".".join(map(str, loc))


def _problem(error: Mapping[str, Any]) -> str:
    kind, found = error["type"], error["input"]
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "extra_forbidden":
        kinds: dict[int | str, type[BaseModel]] = {"outcomes": Outcome, "rules": Rule}
        known = kinds.get(error["loc"][0], Policy).model_fields
        return f"found an unknown key, expected one of {', '.join(known)}"
    if kind == "missing":
        return "found nothing, expected it"
    expected = IN_WORDS.get(error.get("ctx", {}).get("pattern", ""))
    if expected:
        return f"found {found!r:.60}, expected {expected}"
    return f"found {found!r:.60}, {error['msg'][0].lower()}{error['msg'][1:]}"


def _listed(numbers: list[float | None]) -> str:
    return ", ".join("none" if each is None else f"{each:g}" for each in numbers)


STANDARD_POLICY: Final = two_lines(0.3, 0.5)
