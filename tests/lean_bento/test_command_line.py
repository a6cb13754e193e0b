"""What a command of BentoML's kind passes on, and how it exits."""

import os

import click
import pytest
from bentoml.exceptions import BentoMLConfigException
from click.testing import CliRunner, Result

from lean_bento.command_line import OPTIONS, exit_with_two, keep_command_line


@click.command()
@click.option("--port", type=int)
@click.option("--api-workers", type=int)
@click.option("--timeout", type=int)
def serve(**_: int | None) -> None:
    exit_with_two()
    try:
        keep_command_line("garden")
    except BentoMLConfigException as error:
        raise click.ClickException(str(error)) from error  # as BentoML does


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv(OPTIONS, "workers=1")  # and put back afterwards
    return CliRunner()


def end_of(called: CliRunner, *arguments: str) -> Result:
    return called.invoke(serve, arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "99999"), "found --port 99999, expected a whole number from 1 to 65535"),
        (("--port", "-1"), "found --port -1, expected a whole number from 1 to 65535"),
        (("--api-workers", "0"), "found --api-workers 0, expected a whole number above zero"),
        (("--timeout", "-3"), "found --timeout -3, expected a whole number above zero"),
    ],
)
def test_an_option_out_of_range_ends_the_command_with_two(
    called: CliRunner, arguments: tuple[str, ...], said: str
) -> None:
    ended = end_of(called, *arguments)

    assert (ended.exit_code, ended.stderr) == (2, f"Error: {said}\n")


def test_what_bentoml_drops_is_put_where_its_workers_read_it(called: CliRunner) -> None:
    ended = end_of(called, "--port", "65535", "--api-workers", "3")

    assert ended.exit_code == 0
    assert os.environ[OPTIONS] == 'workers=1 services."garden".workers=3'


@pytest.mark.usefixtures("called")
def test_without_a_command_there_is_nothing_to_keep() -> None:
    exit_with_two()
    keep_command_line("garden")

    assert os.environ[OPTIONS] == "workers=1"
