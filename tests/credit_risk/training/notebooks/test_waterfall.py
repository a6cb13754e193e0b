"""A picture of how parts add up to a probability."""

from math import log

from pictures import svg

from credit_risk.training.notebooks.waterfall import waterfall


def test_it_goes_from_the_start_to_the_sum() -> None:
    # From even odds, times three: three to one.
    drawn = svg(waterfall(0.0, {"debt": log(6), "records": -log(2)}, {"decline above 0.5": 0.5}))

    for text in ("50.0%", "debt", "+1.79", "records", "−0.69", "75.0%", "decline above 0.5"):  # noqa: RUF001
        assert f"{text} -->" in drawn


def test_the_largest_come_first_and_the_smallest_are_added_up() -> None:
    parts = {"age": 0.1, "income": -0.9, "debt": 0.5, "time": 0.15}
    drawn = svg(waterfall(-1.0, parts, {}, most=2))

    assert drawn.index("<!-- income -->") < drawn.index("<!-- debt -->")
    assert "2 others" in drawn
    assert "+0.25" in drawn
    assert "<!-- age -->" not in drawn
