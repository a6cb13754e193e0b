"""``python -m credit_risk.monitor``: what it says, what it writes, and how it ends."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import run
from watched import Watched

from credit_risk.monitor.command import main

Write = Callable[..., Path]
Said = tuple[int, str, str]


@pytest.fixture
def say(watched: Watched, capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ARG001  its store
    """Exit code, and what is said on standard output and on standard error."""

    def say(*arguments: object) -> Said:
        try:
            code = main([str(each) for each in arguments])
        except SystemExit as ended:  # of argparse
            code = int(ended.code or 0)
        return code, *capsys.readouterr()

    return say


@pytest.fixture
def outcomes(watched: Watched, tmp_path: Path) -> Path:
    """Outcomes as predicted, of those who were approved, and a line that is refused."""
    file = tmp_path / "outcomes.csv"
    approved = [each for each in watched.decisions if each["status"] == "APPROVED"]
    risk = 0.0
    lines = []
    for each in approved:
        risk += each["probability"]
        word, risk = ("default", risk - 1) if risk >= 1 else ("repaid", risk)
        lines.append(f"{each['id']},{word},2026-12-31")
    file.write_text("\n".join(["id,outcome,date", *lines, "nobody,repaid,2026-12-31"]))
    return file


def rich(watched: Watched) -> list[dict[str, Any]]:
    """Decisions on applicants who all earn more than most did."""
    applications = [each["application"] for each in watched.decisions]
    return watched.decide(
        [each | {"income": 300.0 + n % 50} for n, each in enumerate(applications)]
    )


def test_no_drift_is_said_in_words_and_by_the_exit_code(
    say: Any, watched: Watched, write: Write, tmp_path: Path
) -> None:
    page = tmp_path / "drift.html"

    code, text, error = say("drift", write(watched.decisions), "--window", "60d", "--to", page)

    assert (code, error) == (0, "")
    tag = watched.stored.card.model
    assert text.startswith(f"400 decisions by {tag} from 2026-03-01 to 2026-04-09\n")
    assert text.endswith("nothing has drifted\n")
    content = page.read_text(encoding="utf-8")
    assert "Nothing has drifted" in content
    assert content.count("<svg") == len(watched.bins.by_field)
    assert "http" not in content.replace("http-equiv", "")


def test_drift_is_an_alert(say: Any, watched: Watched, write: Write, tmp_path: Path) -> None:
    log = write(rich(watched))

    code, text, _ = say("drift", log, "--window", "100d", "--to", tmp_path / "drift.html")
    again, values, _ = say("drift", log, "--window", "100d", "--json")

    found = json.loads(values)
    assert (code, again) == (1, 1)
    assert "income" in text.splitlines()[-1]
    assert found["alerts"]["income"] == "page"
    assert found["fields"]["income"]["now"][-1] == 1
    assert found["approved"]["now"] > found["approved"]["then"]
    assert "<strong>Drift.</strong>" in (tmp_path / "drift.html").read_text(encoding="utf-8")


def test_the_window_is_of_the_latest_days(say: Any, watched: Watched, write: Write) -> None:
    code, text, _ = say("drift", write(watched.decisions), "--window", "20d")

    assert code == 0
    assert text.startswith("200 decisions by ")
    assert " from 2026-03-21 to 2026-04-09\n" in text


def test_what_the_log_does_not_keep_is_said(say: Any, watched: Watched, write: Write) -> None:
    log = write(watched.decisions, leave_out=["age"])

    code, text, _ = say("drift", log, "--window", "100d")

    assert code == 0
    assert "\nage is not measured: the log does not keep it\n" in text
    assert "\njob " in text


def test_the_newest_model_is_watched_unless_another_is_named(
    say: Any, watched: Watched, write: Write
) -> None:
    write(watched.decisions)
    other = "credit_risk_model:another"
    log = write(watched.decisions[:5], header={"model": other}, days=50)

    newest, _, said = say("drift", log)
    named, text, _ = say("drift", log, "--model", watched.stored.card.model, "--window", "60d")

    assert (newest, named) == (2, 0)
    assert said == (
        f"{other}: found no such model in the store, expected the one that decided; "
        "put it there: bentoml models import\n"
    )
    assert text.startswith("400 decisions by")


def test_a_table_of_answers_is_watched(say: Any, scored: Path) -> None:
    code, text, _ = say("drift", scored)

    assert code == 0
    assert text.startswith("300 decisions by ")


def test_a_log_needs_no_pyarrow_and_a_table_says_that_it_does(
    say: Any, watched: Watched, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image lacks it."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for name in [name for name in sys.modules if name.startswith("credit_risk.monitor.tables")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("credit_risk.monitor.tables", raising=False)

    log, _, _ = say("drift", write(watched.decisions), "--window", "60d")
    table, _, error = say("drift", "answers.csv")

    assert (log, table) == (0, 2)
    assert error.startswith("reading a table needs pyarrow, which is not installed; run: pip")


def test_outcomes_as_predicted_are_said_to_be(
    say: Any, watched: Watched, write: Write, outcomes: Path, tmp_path: Path
) -> None:
    page = tmp_path / "outcomes.html"

    code, text, _ = say("outcomes", write(watched.decisions), outcomes, "--to", page)

    assert code == 0
    assert text.splitlines()[0].endswith(f" loans decided by {watched.stored.card.model}")
    assert "as predicted\n" in text
    assert "\n1 line refused: line " in text
    assert "The outcomes are as predicted." in page.read_text(encoding="utf-8")


def test_more_defaults_than_predicted_are_an_alarm(
    say: Any, watched: Watched, write: Write, outcomes: Path
) -> None:
    outcomes.write_text(outcomes.read_text().replace("repaid", "default", 60))

    code, values, _ = say("outcomes", write(watched.decisions), outcomes, "--json")

    found = json.loads(values)
    assert code == 1
    assert "default rate of APPROVED" in found["alarms"]
    assert found["bands"][0]["calibration"]["defaults"] >= 60


IMPOSSIBLE = [
    (["drift", "gone"], "gone: found nothing, expected a decision log"),
    (["drift", "gone.csv"], "gone.csv.manifest.json: No such file or directory"),
    (["drift", "LOG", "--to", "drift.pdf"], "--to: found 'drift.pdf', expected a name that ends"),
    (["drift", "LOG", "--to", "gone/drift.html"], "drift.html: No such file or directory"),
    (["drift", "LOG", "--window", "1d"], "found 10 decisions, expected 200"),
    (["drift", "LOG", "--model", "m:1"], "m:1: found no such model in the store"),
    (["drift", "LOG", "--model", "a b:c"], "a b:c: found no such model in the store"),
    (["drift", "LOG", "--window", "0d"], "found '0d', expected a number of days such as 30d"),
    (["drift", "LOG", "--window", "x" * 999], "expected a number of days such as 30d"),
    (["outcomes", "LOG", "gone.csv"], "gone.csv: No such file or directory, expected a header"),
    (["outcomes", "LOG", "FEW"], "found no outcome of a decision by credit_risk_model:"),
    (["outcomes", "gone", "FEW"], "gone: found nothing, expected a decision log"),
    ([], "the following arguments are required: COMMAND"),
]


@pytest.mark.parametrize(("arguments", "sentence"), IMPOSSIBLE, ids=lambda each: str(each)[:40])
def test_what_cannot_be_done_is_said_in_one_sentence(
    say: Any,
    watched: Watched,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    few = tmp_path / "few.csv"
    few.write_text("id,outcome,date\nnobody,repaid,2026-12-31\n")
    places = {"LOG": str(write(watched.decisions)), "FEW": str(few)}

    code, said, error = say(*(places.get(each, each) for each in arguments))

    assert (code, said) == (2, "")
    assert sentence in error
    assert "Traceback" not in error
    last = error.splitlines()[-1]
    assert len(last) < 300


def test_a_broken_log_is_said_in_one_sentence(
    say: Any, watched: Watched, write: Write, outcomes: Path
) -> None:
    log = write(watched.decisions)
    (file,) = log.iterdir()
    file.write_bytes(file.read_bytes().replace(b'"APPROVED"', b'"DECLINED"', 1))

    for command in (("drift", log), ("outcomes", log, outcomes)):
        code, text, error = say(*command)

        assert (code, text) == (2, "")
        assert error.count("\n") == 1
        assert "found a line that does not fit its own hash" in error


def test_help_says_how_each_command_ends(say: Any) -> None:
    for command in ("drift", "outcomes"):
        code, text, _ = say(command, "--help")

        assert code == 0
        assert "Ends with 0 if" in text


def test_the_module_is_the_command(home: Path) -> None:
    done = run("python", "-m", "credit_risk.monitor", "drift", "gone", home=home, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gone: found nothing, expected a decision log")
