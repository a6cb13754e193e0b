"""The command line of ``bentoml serve``: options that it drops, and the code that it exits with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
from bentoml.exceptions import BentoMLConfigException

OPTIONS: Final = "BENTOML_CONFIG_OPTIONS"
COUNT: Final = "a whole number above zero"
OF_COMMAND_LINE: Final = {"api_workers": "workers", "timeout": "traffic.timeout"}
"""Settings by options of ``bentoml serve`` that BentoML takes and drops."""
PORTS: Final = range(2**16)
MISTAKE: Final = 2
"""Exit code of a command that a person called with something wrong; BentoML's own is 1."""


def exit_with_two() -> None:
    """Have BentoML's command, where this runs in one, exit with 2 when it ends in a sentence."""
    context = click.get_current_context(silent=True)
    if context:
        context.with_resource(_exiting_with_two())


@contextmanager
def _exiting_with_two() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        error.exit_code = MISTAKE  # type: ignore[misc]  # click asks the error itself
        raise


def keep_command_line(service: str) -> None:
    """Put the options of ``bentoml serve`` that it drops where each worker reads them.

    Raises:
        BentoMLConfigException: if one is not above zero, or the port is no port.
    """
    context = click.get_current_context(silent=True)
    options = context.params if context else {}
    if (port := options.get("port")) is not None and port not in PORTS:  # else taken modulo 65536
        msg = f"found --port {port}, expected a whole number from 1 to {PORTS[-1]}"
        raise BentoMLConfigException(msg)
    for option, place in OF_COMMAND_LINE.items():
        value = options.get(option)
        if value is None:
            continue
        if value < 1:
            msg = f"found --{option.replace('_', '-')} {value}, expected {COUNT}"
            raise BentoMLConfigException(msg)
        before = os.environ.get(OPTIONS, "")
        os.environ[OPTIONS] = f'{before} services."{service}".{place}={value}'
