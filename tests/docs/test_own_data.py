"""docs/own-data.md is followed with a file of other loans, and nothing but the page."""

import csv
import re
from dataclasses import MISSING, fields
from pathlib import Path
from random import Random

import pytest
from documents import blocks, commands, rows, section
from project_copy import copy_project
from running import Server, run, serving

from credit_risk.form import Category, Compared, Derived, Field, Form, Number, Outcome, YesNo

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


def write_in_spanish(project: Path, form: str) -> None:
    """The page's file of sentences, and a line for each other reason code."""
    shown, *_ = blocks(PAGE, "toml")
    path = project / form
    codes = re.findall(r'^ {12}"([A-Z_0-9]+)": ', path.read_text(), re.MULTILINE)
    others = [f'{code} = "{code} en español."\n' for code in codes if f"{code} = " not in shown]
    path.with_name("reasons.es.toml").write_text(shown + "".join(others))


def ask_for_reasons(server: Server, query: str = "") -> dict[str, str]:
    """Sentences of the reasons for an application that is likely not to be approved, by code."""
    document = server.get("/docs.json").json()
    request = document["paths"]["/classify"]["post"]["requestBody"]
    example = request["content"]["application/json"]["example"]
    worse = example | {"work": "a3_none", "pay": None}
    answer = server.post(f"/classify{query}", json=worse).json()
    assert answer["reasons"] or answer["status"] == "APPROVED"
    return {reason["code"]: reason["message"] for reason in answer["reasons"]}


def assert_it_serves(server: Server, form: str) -> None:
    ask_for_reasons(server)
    card = server.get("/model").json()
    assert card["excluded_fields"] == ["sex"]
    assert card["form"]["module"] == form
    refused = server.post("/classify", json={"age": 3})
    assert refused.status_code == 400
    assert "betrag" in refused.json()["error"]
    assert "form loans, learned from loans.csv (not synthetic)" in server.logged()
    assert "6 sentences for applicants still say TODO, in en: " in server.logged()


def assert_it_speaks_spanish(server: Server) -> None:
    told = ask_for_reasons(server)
    assert told["PAY_NOT_STATED"] == "En su solicitud no constan sus ingresos."
    in_english = ask_for_reasons(server, "?language=en")
    assert in_english["PAY_NOT_STATED"] == "TODO: pay was not stated."
    assert told.keys() == in_english.keys()


@pytest.mark.system
def test_a_stranger_comes_from_a_file_to_a_decision(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    copy_project(project)
    write_loans(project / "loans.csv")
    served = []

    for step in commands(PAGE):
        if step.bare.startswith("bentoml serve"):
            form, language = (
                step.variables.get(f"CREDIT_RISK_{name}", "") for name in ("FORM", "LANGUAGE")
            )
            log = tmp_path / f"log{language}"
            with serving(
                "service.py:svc", home=home, cwd=project, log=log, **step.variables
            ) as server:
                assert_it_serves(server, form)
                if language:
                    assert_it_speaks_spanish(server)
                else:
                    write_in_spanish(project, form)
            served.append(language)
        else:
            typed = step.text.replace("--tune 50", "--tune 1")
            said = run("bash", "-c", typed, home=home, cwd=project)
            if "check" in typed:
                assert "  sex (category), reason SEX; no model may see it\n" in said.stdout
                assert f"\nlanguages: {'en, es' if served else 'en'}\n" in said.stdout
                assert "\n6 sentences for applicants still say TODO, in en: " in said.stdout
            if "--tune" in typed:
                next_one = "python train.py --form forms/mine/form.py --data loans.csv --parameters"
                assert next_one in said.stdout
            if typed.endswith("--data loans.csv"):
                assert "columns left out: 'contract no'" in said.stdout
                assert "6 sentences for applicants still say TODO, in en: " in said.stdout

    assert served == ["", "es"]


def parameters() -> list[tuple[str, str, bool]]:
    """What each part of a form takes: the part, the parameter, whether it is needed."""
    of_any = {part.name for part in fields(Field)}
    kinds = (Form, Field, Number, YesNo, Category, Derived, Outcome, Compared)
    return [
        (
            "any field" if kind is Field else f"`{kind.__name__}`",
            part.name,
            part.default is MISSING and part.default_factory is MISSING,
        )
        for kind in kinds
        for part in fields(kind)
        if part.init and (kind is Field or not issubclass(kind, Field) or part.name not in of_any)
    ]


def test_every_parameter_of_a_form_is_there() -> None:
    shown = [
        (of, name.strip("`"), without == "needed")
        for of, name, without, _ in rows(section(PAGE, "Every parameter"))
    ]

    assert shown == parameters()


def test_the_derived_column_of_the_page_is_python() -> None:
    (shown,) = [block for block in blocks(PAGE, "text") if "Derived(" in block]

    compile(f"dict(\n{shown})", PAGE, "eval")
