"""Pictures of several panels: they show what they are given."""

from dataclasses import replace

import numpy as np
from pictures import svg

from credit_risk.training.notebooks import panels
from credit_risk.training.notebooks.default_rates import Rate
from credit_risk.training.notebooks.what_if import WhatIf
from credit_risk.training.reporting import drawing
from credit_risk.training.reporting.effects import Effect


def test_default_rates_have_a_panel_for_each_field_and_a_line_for_each_rate() -> None:
    job = [Rate("partime", 452, 262), Rate("fixed", 2792, 586)]
    drawn = svg(panels.default_rates({"job": job, "records": [Rate("yes", 805, 402)], "home": job}))

    for text in ("job", "partime (452)", "fixed (2,792)", "records", "yes (805)", "home"):
        assert f"<!-- {text} -->" in drawn


def test_spreads_name_fields_and_outcomes_and_leave_missing_numbers_out() -> None:
    random = np.random.default_rng(0)
    income = random.normal(100, 20, 200)
    income[:5] = np.nan
    drawn = svg(panels.spreads({"income": income, "age": income}, random.random(200) < 0.5))

    for text in ("income", "age", "ended well", "ended in default"):
        assert f"<!-- {text} -->" in drawn


def test_what_ifs_have_a_panel_for_each_field_with_the_thresholds() -> None:
    found = [
        WhatIf(field, np.array([0.0, 100.0]), np.array([0.6, 0.2]), 0.0, 0.6)
        for field in ("income", "assets")
    ]
    drawn = svg(panels.what_ifs(found, {"review above 0.3": 0.3}))

    assert drawn.count("<!-- review above 0.3 -->") == 1
    for text in ("income", "assets"):
        assert f"<!-- {text} -->" in drawn


def test_directions_are_shown_for_the_numbers_that_have_one() -> None:
    income = Effect("income", (0.0, 100.0), np.array([0.5, 0.2]), (), (10.0,), -1, 0, 300)
    debt = replace(income, field="debt", direction=1)
    price = replace(income, field="price", direction=0)
    records = replace(income, field="records", values=("no", "yes"), counts=(10, 2), deciles=())
    kept = svg(panels.directions([income, debt, price, records]))

    assert "<!-- income: never up -->" in kept
    assert "<!-- debt: never down -->" in kept
    assert "price" not in kept
    assert "records" not in kept
    assert drawing.Colour.ORANGE.lower() not in kept
    assert drawing.Colour.ORANGE.lower() in svg(panels.directions([replace(income, broken=1)]))
