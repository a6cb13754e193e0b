"""The report: complete, true to its numbers, safe and accessible."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from course import COLUMNS, FORM, PROHIBITED_FIELDS
from toys import AMOUNT, INCOME, toy

from credit_risk.decision import STANDARD_POLICY, two_lines
from credit_risk.model import RiskModel, fingerprint
from credit_risk.registry import Columns, Data, ModelDescription
from credit_risk.training.approval_rates import by_threshold
from credit_risk.training.comparison import Candidate, Comparison
from credit_risk.training.data.dataset import Dataset, read_loans
from credit_risk.training.evaluation import intervals, measure
from credit_risk.training.fitting import Examples, Recipe, fit_booster
from credit_risk.training.recipes import course, standard
from credit_risk.training.reporting.report import render

VOID = {"img", "meta", "br"}
EVIL = "<script>alert(1)</script>\"'"


class Page(HTMLParser):
    """What a reader's browser makes of a report."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert not self._open, f"never closed: {self._open}"
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)
        if {"td", "th"} & {*self._open}:
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def describe(recipe: Recipe, loans: Dataset, **changes: object) -> ModelDescription:
    """What the report reads of a description; the rest is not its business."""
    fields = {
        "recipe": recipe.name,
        "policy": STANDARD_POLICY,
        "columns": Columns(names=list(COLUMNS), fingerprint=fingerprint(COLUMNS)),
        "data": Data(
            name=loans.name,
            sha256=loans.sha256,
            synthetic=True,
            rows={"read": loans.rows_read, "test": 100},
            dropped=dict(loans.dropped),
        ),
        "parameters": {**recipe.parameters, "rounds": recipe.rounds},
        "missing_as": recipe.missing_as,
        "measures": {"test": {"auc": 0.8123, "gini": 0.6246}},
        "limits": ["Only a few loans."],
        "excluded_fields": [] if recipe.missing_as == 0 else list(PROHIBITED_FIELDS),
        "versions": {"xgboost": "3.2.0"},
    }
    return ModelDescription.model_construct(**{**fields, **changes})


def compare(probabilities: np.ndarray) -> Comparison:
    gain = {"gain": 0.0123, "gain_interval": (0.0081, 0.0165)}
    rest = {"brier": 0.14, "ks": 0.53, "ece": 0.016, "test_auc": 0.83}
    course = Candidate("course", auc=0.8401, gain=0.0, gain_interval=(0.0, 0.0), **rest)
    ours = replace(course, name="ours", auc=0.8524, **gain)
    return Comparison((course, ours), folds=5, repeats=3, probabilities=probabilities)


Render = Callable[..., Page]


@pytest.fixture(scope="module")
def loans(sample: Dataset) -> Dataset:
    """The first loans of the sample."""
    return replace(sample, applications=sample.applications[:800], defaulted=sample.defaulted[:800])


@pytest.fixture(scope="module")
def out_of_fold(loans: Dataset) -> np.ndarray:
    random = np.random.default_rng(0)
    return np.clip(0.25 + 0.25 * loans.defaulted + random.normal(0, 0.2, 800), 0.01, 0.99)


def write(loans: Dataset, recipe: Recipe, **changes: object) -> Page:
    examples = Examples.encode(recipe.form, loans)
    recipe = replace(recipe, rounds=30)
    fields = {
        "form": recipe.form,
        "tag": "credit_risk_model:abc",
        "description": describe(recipe, loans),
        "loans": loans,
        "examples": examples,
        "model": RiskModel(fit_booster(recipe, examples).save_raw(), recipe.prepare()),
        "comparison": None,
        "importance": {"income": 0.4, "affordability": 0.6},
    }
    return Page(render(**{**fields, **changes}))


@pytest.fixture(scope="module")
def page(loans: Dataset, out_of_fold: np.ndarray) -> Page:
    return write(loans, standard(FORM), comparison=compare(out_of_fold))


@pytest.fixture(scope="module")
def other(loans: Dataset, out_of_fold: np.ndarray) -> Page:
    """One of real loans, a policy between the steps, and names that would do harm."""
    comparison = compare(out_of_fold)
    first = replace(comparison.candidates[0], name=EVIL)
    recipe = replace(standard(FORM), name=EVIL)
    described = describe(recipe, loans, versions={EVIL: EVIL}, policy=two_lines(0.275, 0.6))
    data = described.data.model_copy(update={"synthetic": False})
    return write(
        replace(loans, name=EVIL),
        standard(FORM),
        tag=EVIL,
        importance={EVIL: 1.0},
        description=described.model_copy(update={"data": data}),
        comparison=replace(comparison, candidates=(first, *comparison.candidates[1:])),
    )


@pytest.fixture(scope="module")
def quick(loans: Dataset) -> Page:
    return write(loans, standard(FORM))


def test_it_needs_nothing_from_elsewhere_and_runs_nothing(page: Page) -> None:
    assert not page.all("script") + page.all("link") + page.all("iframe")
    assert all((img["src"] or "").startswith("data:image/") for img in page.all("img"))
    assert all((a["href"] or "").startswith("#") for a in page.all("a"))
    assert not re.search(r"@import|url\(|https?://|\bon\w+=", page.source)
    assert len(page.source) < 2_000_000


def test_every_contents_entry_leads_somewhere(page: Page) -> None:
    places = {attributes.get("id") for _, attributes in page.tags}

    assert {(a["href"] or "")[1:] for a in page.all("a")} <= places
    assert len(page.all("a")) == 10


def test_it_can_be_read_without_seeing_it(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert all(len(img["alt"] or "") > 20 for img in page.all("img"))
    assert len(page.all("img")) == 5 + 1 + len(FORM.fields) - len(PROHIBITED_FIELDS) + 2 + 1
    assert all(th.get("scope") for th in page.all("th"))


def test_the_headline_has_the_measures_of_the_out_of_fold_probabilities(
    page: Page, loans: Dataset, out_of_fold: np.ndarray
) -> None:
    found = measure(loans.defaulted, out_of_fold).as_dict()
    ends = intervals(loans.defaulted, out_of_fold)

    for name, value in found.items():
        low, high = ends[name]
        assert f"{value:.3f}{low:.3f} to {high:.3f}" in page.text
    assert "not seen that loan" in page.text
    assert "Not out of fold" not in page.text


def test_without_a_comparison_it_says_that_the_loans_were_seen(quick: Page) -> None:
    assert "Not out of fold." in quick.text
    assert "most of which it has learned from" in quick.text
    assert "comparison" not in {attributes.get("id") for _, attributes in quick.tags}
    assert "Is there a better model" not in quick.text


def test_synthetic_data_are_called_so_and_real_ones_are_not(page: Page, other: Page) -> None:
    assert "Synthetic data." in page.text
    assert "Synthetic data." not in other.text


def test_the_threshold_table_has_every_step_and_highlights_the_policys(
    page: Page, loans: Dataset, out_of_fold: np.ndarray
) -> None:
    (cut,) = by_threshold(loans.defaulted, out_of_fold, [0.3])
    shares = (cut.approval_rate, cut.default_rate, cut.caught, cut.turned_away)

    steps = [row for row in page.rows if re.fullmatch(r"0\.\d\d", row[0])]

    assert [row[0] for row in steps] == [f"{step / 100:.2f}" for step in range(10, 95, 5)]
    assert steps[4] == ["0.30", *(f"{100 * share:.1f}%" for share in shares), "APPROVED up to it"]
    assert [row[0] for row in steps if row[-1]] == ["0.30", "0.50"]
    assert page.source.count('<tr class="own">') == 2 + 1


def test_a_policy_between_the_steps_has_rows_of_its_own(other: Page) -> None:
    assert [row[0] for row in other.rows if row[-1].endswith(" up to it")] == ["0.275", "0.60"]


def test_decisions_add_up(page: Page, loans: Dataset, out_of_fold: np.ndarray) -> None:
    decided = {row[0]: row for row in page.rows if row[0] in {"APPROVED", "MAYBE", "DECLINED"}}

    assert sum(int(row[2]) for row in decided.values()) == 800
    assert int(decided["APPROVED"][2]) == (out_of_fold <= 0.3).sum()
    rate = loans.defaulted[out_of_fold > 0.5].mean()
    assert decided["DECLINED"][4] == f"{100 * rate:.1f}%"


def test_the_guarantees_of_the_standard_model_hold(page: Page) -> None:
    promised = {FORM.field_of(column).name for column in FORM.directions}
    assert page.source.count("guaranteed: ") == len(promised)
    assert "never rises as it grows" in page.text
    assert "“yes” never has the lower probability" in page.text
    assert "broken" not in page.text
    assert "no picture of marital: the model does not use it" in page.text


def test_a_model_without_guarantees_is_found_out(loans: Dataset) -> None:
    free = write(loans, course(FORM))

    assert "it is broken for" in free.text
    assert "must not be served" in free.text
    assert "This model uses marital status, which the form prohibits" in free.text
    assert "guaranteed: " not in free.text


def test_older_applicants_are_compared_with_the_others(
    page: Page, loans: Dataset, out_of_fold: np.ndarray
) -> None:
    older = (loans.applications["age"] >= 62).to_numpy()
    rate, other = (out_of_fold[older] <= 0.3).mean(), (out_of_fold[~older] <= 0.3).mean()

    (row,) = [row for row in page.rows if row[0] == "62 and over"]

    assert row[1] == str(older.sum())
    assert row[3] == f"{100 * rate:.1f}%"
    assert row[5] == f"{rate / other:.3f}"
    assert "it is not lending law" in page.text
    assert "Small groups: 62 and over has fewer than 100 loans" in page.text


def test_the_reference_of_marital_status_is_no_tiny_group(
    loans: Dataset, out_of_fold: np.ndarray
) -> None:
    # The one widow is approved, and would otherwise be what all others are compared with.
    comparison = compare(np.append(0.01, out_of_fold[1:]))
    rare = loans.applications.assign(marital=["widow"] + ["single", "married"] * 399 + ["single"])
    page = write(replace(loans, applications=rare), standard(FORM), comparison=comparison)

    references = [row[0] for row in page.rows if row[-1] == "reference"]

    assert references[0] == "under 62"
    assert references[1] in {"single", "married"}


def test_the_comparison_has_every_model_and_what_the_gain_means(page: Page) -> None:
    models = [row[:4] for row in page.rows if row[0] in {"course", "ours"}]

    assert models == [
        ["course", "0.8401", "–", "–"],  # noqa: RUF001
        ["ours", "0.8524", "+0.0123", "+0.0081 to +0.0165"],
    ]
    assert "more than chance would explain" in page.text


def test_what_made_the_model_and_what_limits_it_is_there(page: Page, loans: Dataset) -> None:
    missing = int(loans.applications["income"].isna().sum())
    text, _, limits = page.text.partition("What is it not good for?")

    assert missing
    for fact in (
        "4,455 rows were read from sample.csv and 800 used",
        "Left out: 1 for unknown outcome.",
        f"income in {missing}",
        "Most weight has affordability",  # sorted, whatever order they come in
        "credit_risk_model:abc",
        loans.sha256,
        fingerprint(COLUMNS),
        "rounds = 30",
        "xgboost 3.2.0",
    ):
        assert fact in text
    assert "affordability 0.60, income 0.40." in page.source
    for limit in (
        "Only a few loans.",
        f"800 loans, made up, are few: with {loans.defaulted.sum()} defaults",
        "not a validation by somebody independent",
    ):
        assert limit in limits


def test_hostile_names_stay_text(other: Page) -> None:
    assert not other.all("script")
    assert EVIL in other.text


def test_a_form_without_categories_has_no_table_of_them(page: Page) -> None:
    form = toy(fields=(AMOUNT, INCOME))
    numbers = np.random.default_rng(0).integers(1, 900, (200, 2))
    applications = pd.DataFrame(numbers, columns=list(form.by_name), dtype=float)
    loans = Dataset("loans.csv", "0", applications, numbers[:, 0] > numbers[:, 1], 200, {})
    recipe = standard(form)

    found = write(loans, recipe, description=describe(recipe, loans, excluded_fields=[]))

    assert "Categories" in page.text
    assert "Categories" not in found.text
    assert "Numbers" in found.text


def test_the_same_model_has_the_same_report(loans: Dataset, quick: Page) -> None:
    assert write(loans, standard(FORM)).source == quick.source


def test_the_real_data(real_data: Path) -> None:
    loans = read_loans(real_data, FORM)

    page = write(loans, standard(FORM))

    assert "4,455 rows were read" in page.text
    assert "income in 34, assets in 47, debt in 18" in page.text
    assert len(page.source) < 2_000_000
