"""The commands of docs/files.md are run, in their order."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from documents import commands, rows, section, text_of
from pyarrow import csv, parquet
from running import PROJECT, Server, run

PAGE = "docs/files.md"


def test_the_commands_run_as_shown(home: Path, tmp_path: Path, server: Server) -> None:
    (tmp_path / "data").symlink_to(PROJECT / "data")
    said = [
        run(
            *shlex.split(command.text.replace("http://localhost:3000", server.url)),
            home=home,
            cwd=tmp_path,
            PYTHONPATH=str(PROJECT),
        ).stdout
        for command in commands(PAGE)
    ]

    tables = (
        parquet.read_table(tmp_path / "answers.parquet"),
        csv.read_csv(
            tmp_path / "answers.csv", parse_options=csv.ParseOptions(newlines_in_values=True)
        ),
    )
    assert {table.num_rows for table in tables} == {4455}
    ends = [line.split(" in ")[0] for line in said]
    assert ends[:2] == ["4,455 rows", "4,455 rows"]
    assert [each.split(" of ")[0] for each in said[2:]] == ["1,000", "4,455"]
    assert all("the same to the last bit" in each for each in said[2:])


def test_the_page_names_every_column_and_option(home: Path) -> None:
    text = text_of(PAGE)
    helps = [
        run("python", "-m", "credit_risk.score", *words, "--help", home=home).stdout
        for words in ([], ["verify"])
    ]
    options = {word.strip("[],") for each in helps for word in each.split() if "--" in word}

    assert {each for each in options if each.startswith("--") and each not in text} <= {"--help"}
    shown = [cells[0].strip("`") for cells in rows(section(PAGE, "What it writes"))]
    assert shown[1:7] == ["status", "default_probability", "reasons", "error", "model", "line"]


TRY_SPARK_S = """
from pyarrow import csv
batches = csv.read_csv("data/sample.csv").to_batches(max_chunksize=2000)
found = list(score(iter(batches)))
print(len(found) > 1, sum(each.num_rows for each in found), found[0].schema.names)
"""


def test_the_function_for_spark_scores_record_batches(home: Path) -> None:
    (function,) = re.findall(r"```python\n(.*?)```", text_of(PAGE), re.DOTALL)

    said = run("python", "-c", function + TRY_SPARK_S, home=home).stdout

    columns = "['status', 'default_probability', 'reasons', 'error', 'model']"
    assert said == f"True 4455 {columns}\n"


IN_SPARK = """
import sys

from pyarrow import parquet
from pyspark.sql import SparkSession

applications, table = sys.argv[1:]
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
frame = answers(spark.read.csv(applications, header=True).repartition(3))
names = ["status", "default_probability", "reasons", "error"]
shown = parquet.read_table(table, columns=names)
found = sorted(map(repr, map(tuple, frame.select(names).collect())))
assert found == sorted(map(repr, zip(*shown.to_pydict().values())))
print(len(found))
"""


@pytest.mark.system
@pytest.mark.needs("java")
def test_spark_gives_the_answers_of_the_command(home: Path, tmp_path: Path) -> None:
    (function,) = re.findall(r"```python\n(.*?)```", text_of(PAGE), re.DOTALL)
    environment = tmp_path / "environment"
    run(sys.executable, "deploy/environment.py", "spark", home=home, VENV=str(environment))
    script, table = tmp_path / "in_spark.py", tmp_path / "answers.parquet"
    script.write_text(function + IN_SPARK)
    run("python", "-m", "credit_risk.score", "data/sample.csv", "--to", table, home=home)

    python = environment / "bin" / "python"
    settings = {"PYTHONPATH": str(PROJECT), "PYSPARK_PYTHON": str(python)}
    said = run(python, script, PROJECT / "data" / "sample.csv", table, home=home, **settings)

    assert said.stdout == "4455\n"
