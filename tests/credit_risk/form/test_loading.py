"""A form is found by the name of its module or by the path of its file."""

from pathlib import Path

import pytest

from credit_risk.errors import FormError
from credit_risk.form import FORM_VARIABLE, OWN_FORM, form_at_hand, load_form

MINE = """
from credit_risk.form import Form, Number, Outcome, YesNo, read_sentences

FORM = Form(
    name="mine",
    outcome=Outcome(column="bad", default=1, repaid=0),
    sentences=read_sentences(__file__),
    fields=(
        Number(
            name="amount", meaning="Amount", unit="euro",
            low=1, high=9, everyday=(1, 9, 1), example=2,
        ),
    ),
)
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A form in a file of its own, with its sentences beside it."""
    (tmp_path / "reasons.en.toml").write_text('AMOUNT = "Much."')
    (tmp_path / "reasons.de.toml").write_text('AMOUNT = "Viel für Sie."', encoding="utf-8")
    (tmp_path / "mine_form.py").write_text(MINE)
    return tmp_path / "mine_form.py"


def test_a_file_is_loaded_with_the_sentences_beside_it(mine: Path) -> None:
    form = load_form(str(mine))

    assert (form.name, form.module) == ("mine", str(mine))
    assert form.sentences == {"de": {"AMOUNT": "Viel für Sie."}, "en": {"AMOUNT": "Much."}}
    assert load_form(str(mine)) is form


def test_a_module_is_found_in_the_folder_where_the_command_runs(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mine.parent)

    assert load_form("mine_form").name == "mine"


def test_the_environment_wins_over_the_configuration_and_that_over_the_project_s_own(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert form_at_hand().module == OWN_FORM
    assert form_at_hand(str(mine)).name == "mine"
    monkeypatch.setenv(FORM_VARIABLE, OWN_FORM)
    assert form_at_hand(str(mine)).module == OWN_FORM


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "found no FORM, expected a Python module or file with a value FORM"),
        ("FORM = 7", "found FORM, a int, expected"),
        ("FORM = (", "found SyntaxError in line "),
        ("\n\n1 / 0", "found ZeroDivisionError in line 3: division by zero"),
        ("import no_such_thing", "found No module named 'no_such_thing'"),
        (MINE.replace("amount", "sum"), "mine: reasons.en.toml: found no sentence for SUM"),
        (MINE.replace("low=1", "low=9"), "field amount: found low 9 and high 9"),
        (
            MINE.replace("low=1", "least=1"),
            (
                "TypeError in line 9: Number.__init__() got an unexpected keyword argument "
                "'least', expected one of name, meaning, example, column, optional, missing, "
                "prohibited, reason, told, unit, low, high, everyday, whole, direction"
            ),
        ),
        (
            MINE.replace("bad", "x").replace("repaid=0", "good=0"),
            "argument 'good', expected one of column, default, repaid, unknown",
        ),
        (
            MINE.replace('name="mine"', 'title="mine"'),
            "argument 'title', expected one of name, fields, outcome, derived, about, compared, l",
        ),
        (MINE.replace('unit="euro",', ""), "Number.__init__() missing 1 required"),
    ],
)
def test_what_is_wrong_with_a_module_is_a_sentence(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "reasons.en.toml").write_text('AMOUNT = "Much."')
    (tmp_path / "form.py").write_text(content)

    with pytest.raises(FormError) as refused:
        load_form(str(tmp_path / "form.py"))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere/form.py", "form nowhere/form.py: found no file nowhere/form.py, expected a Py"),
        ("no.such.form", "form no.such.form: found No module named 'no'"),
        ("json", "form json: found no FORM"),
    ],
)
def test_a_form_that_is_not_there_is_a_sentence(name: str, said: str) -> None:
    with pytest.raises(FormError) as refused:
        load_form(name)

    assert str(refused.value).startswith(said)
