"""Pictures of fields, groups and models: they show what they are given."""

from dataclasses import replace
from math import inf

import numpy as np
from pictures import svg

from credit_risk.training.approval_rates import Group
from credit_risk.training.reporting import drawing, pictures
from credit_risk.training.reporting.effects import Effect

INCOME = Effect(
    field="income",
    values=(0.0, 50.0, 100.0),
    probabilities=np.array([0.5, 0.3, 0.2]),
    counts=(),
    deciles=(10.0, 20.0),
    direction=-1,
    broken=0,
    sample=300,
)
JOB = replace(
    INCOME,
    field="job",
    values=("unk", "fixed", "partime"),
    counts=(0, 1200, 30),
    deciles=(),
    direction=0,
)


def test_bars_have_their_names_and_lengths() -> None:
    drawn = svg(pictures.bars({"income": 0.42, "age": 0.07}, "log-odds"))

    for text in ("income", "0.42", "age", "0.07", "log-odds"):
        assert text in drawn


def test_words_that_occur_are_shown_with_their_counts() -> None:
    drawn = svg(pictures.effect(JOB, 0.6))

    assert "fixed (1,200)" in drawn
    assert "partime (30)" in drawn
    assert "unk" not in drawn


def test_colours_tell_kept_broken_and_free_directions_apart() -> None:
    for effect, colour in (
        (INCOME, drawing.Colour.BLUE),
        (replace(INCOME, broken=3), drawing.Colour.ORANGE),
        (replace(INCOME, direction=0), drawing.Colour.INK),
    ):
        # the axes' own texts are in INK, so a line is looked for
        assert f"fill: none; stroke: {colour.lower()}; stroke-width: 1.8" in svg(
            pictures.effect(effect, 0.6)
        )


def test_groups_are_shown_with_their_counts_also_where_nobody_is_approved() -> None:
    group = Group("62 and over", 79, 0.8, (0.7, 0.9), 0.2, 1.2, (1.1, 1.3), reference=False)
    nobody = replace(group, name="unk", rows=1, approval_rate=0.0, approval_interval=(0, 0.8))
    drawn = svg(pictures.groups([group, replace(nobody, ratio_interval=(0, inf))]))

    assert "62 and over (79)" in drawn
    assert "unk (1)" in drawn


def test_gains_name_their_models_and_what_they_are_measured_against() -> None:
    drawn = svg(pictures.gains({"ours": (0.012, (0.008, 0.016))}, "course", "ours"))

    assert "ours" in drawn
    assert "gain in AUC against “course”, with interval" in drawn
