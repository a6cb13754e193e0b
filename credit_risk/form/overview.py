"""Say in lines what follows from a form."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from credit_risk.form.fields import Category, Derived, Field, YesNo, plain
from credit_risk.form.form import Form

WAYS: Final = {
    -1: "never raises the probability",
    +1: "never lowers the probability",
}
EMPTY: Final = "an empty cell"


def overview(form: Form) -> str:
    """Write what a person should know of a form before training."""
    fields = [_line(f"{f.name} ({f.kind})", f, _demands(f)) for f in form.fields]
    derived = [_line(f"{d.name} = {d.formula}", d, _hindrances(form, d)) for d in form.derived]
    compared = [
        each.title + ("" if each.limit is None else f" below {plain(each.limit)} and from it on")
        for each in form.compared
    ]
    lines = [
        f"{form.name}: {_counts(form)}",
        f"outcome {form.outcome.column}: {'; '.join(_outcome(form))}",
        *fields,
        *derived,
        f"compared: {', '.join(compared) or 'none'}",
        f"languages: {', '.join(form.sentences)}",
        *form.cautions,
    ]
    return "\n".join(lines)


def _counts(form: Form) -> str:
    seen = {*form.inputs_without(form.prohibited)}
    every = {
        "field": [name not in form.prohibited for name in form.by_name],
        "encoded column": [name in seen for name in form.columns],
        "derived column": [name in seen for name in form.by_derived],
    }
    counted = [_count(len(of), what) for what, of in every.items() if of]
    hidden = [_count(of.count(False), what) for what, of in every.items() if not all(of)]
    unseen = f"; no model sees {', '.join(hidden)} of these" if hidden else ""
    return ", ".join(counted) + unseen


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _outcome(form: Form) -> Iterator[str]:
    of: Any = form.outcome  # its codes are texts by now
    yield f"default {_listed(of.default)}"
    yield f"repaid {_listed(of.repaid)}"
    yield f"unknown {_listed(of.unknown) or 'none'}"


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(code or EMPTY for code in codes)


def _line(name: str, of: Field | Derived, demands: Iterable[str]) -> str:
    said = [f"  {name}, reason {of.reason}", *demands]
    return "; ".join([*said, *([] if of.told else ["the applicant is not told"])])


def _demands(each: Field) -> Iterator[str]:
    if each.prohibited:
        yield "no model may see it"
    if isinstance(each, Category):
        yield from _order(each)
    else:
        more = "yes" if isinstance(each, YesNo) else "more of it"
        yield from (f"{more} {WAYS[way]}" for way in each.directions.values())
    if each.optional:
        yield f"missing is {_listed(dict.fromkeys(['', *map(str, each.missing)]))}"


def _order(each: Category) -> Iterator[str]:
    """Say of the smaller half of the words how they stand to all others."""
    ways = list(each.directions.values())
    if len({*ways}) == 1:
        yield "one direction for all words demands nothing"
    elif ways:
        way = min((+1, -1), key=ways.count)
        words = [word for word in each.words if each.directions[f"{each.name}={word}"] == way]
        never = "lower" if way > 0 else "higher"
        yield f"the probability is never {never} with {' or '.join(words)} than with another word"


def _hindrances(form: Form, derived: Derived) -> Iterator[str]:
    if names := [name for name in derived.rises_with if name in form.prohibited]:
        yield f"not used: {' and '.join(names)} {'is' if len(names) == 1 else 'are'} prohibited"
