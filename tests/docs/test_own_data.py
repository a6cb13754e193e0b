"""docs/own-data.md is followed with a file of other loans, and nothing but the page."""

import csv
from pathlib import Path
from random import Random

import httpx
import pytest
from documents import blocks, commands
from project_copy import copy_project
from running import run, serving

PAGE = "docs/own-data.md"


def write_loans(path: Path, rows: int = 400) -> None:
    """A lender's file with columns, codes and separators of its own."""
    random = Random(7)  # noqa: S311  variety, not secrecy
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(["contract no", "Betrag", "months", "sex", "work", "flat", "pay", "result"])
        for number in range(rows):
            pay = random.choice(["", *range(900, 4000, 50)])
            work = random.choice(["A1: office", "A2: factory", "A3: none"])
            risk = 0.2 + 0.3 * (work == "A3: none") + (0.25 if pay == "" or pay < 1500 else 0)
            result = "bad" if random.random() < risk else "good"
            amount, months = random.randrange(500, 9000, 100), random.choice([12, 24, 36])
            flat = random.choice(["Y", "N"])
            table.writerow([number, amount, months, random.choice("fm"), work, flat, pay, result])


@pytest.mark.system
def test_a_stranger_comes_from_a_file_to_a_decision(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    copy_project(project)
    write_loans(project / "loans.csv")
    answered = False

    for step in commands(PAGE):
        if step.bare.startswith("bentoml serve"):
            form = step.variables["CREDIT_RISK_FORM"]
            log = tmp_path / "log"
            with serving(
                "service.py:svc", home=home, cwd=project, log=log, CREDIT_RISK_FORM=form
            ) as server:
                document = server.get("/docs.json").json()
                request = document["paths"]["/classify"]["post"]["requestBody"]
                example = request["content"]["application/json"]["example"]
                worse = example | {"work": "a3_none", "pay": None}
                answer = httpx.post(f"{server.url}/classify", json=worse, timeout=60).json()
                assert answer["reasons"] or answer["status"] == "APPROVED"
                card = server.get("/model").json()
                assert card["excluded_fields"] == ["sex"]
                assert card["form"]["module"] == form
                refused = httpx.post(f"{server.url}/classify", json={"age": 3}, timeout=60)
                assert refused.status_code == 400
                assert "betrag" in refused.json()["error"]
            assert "form loans, learned from loans.csv (not synthetic)" in log.read_text()
            answered = True
        else:
            typed = step.text.replace("--tune 50", "--tune 1")
            said = run("bash", "-c", typed, home=home, cwd=project)
            if "check" in typed:
                assert "  sex (category), reason SEX; no model may see it\n" in said.stdout
            if typed.endswith("--data loans.csv"):
                assert "columns left out: 'contract no'" in said.stdout

    assert answered


def test_the_derived_column_of_the_page_is_python() -> None:
    (shown,) = [block for block in blocks(PAGE, "text") if "Derived(" in block]

    compile(f"dict(\n{shown})", PAGE, "eval")
