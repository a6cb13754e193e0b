"""Find a form by its name: a dotted module, or the path of a Python file."""

import os
import re
import sys
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

from credit_risk.errors import FormError
from credit_risk.form.fields import Category, Compared, Derived, Number, Outcome, YesNo
from credit_risk.form.form import Form

FORM_VARIABLE: Final = "CREDIT_RISK_FORM"
"""Environment variable that names the form; it wins over the configuration file."""

DECLARED: Final = (Form, Number, Category, YesNo, Derived, Compared, Outcome)
"""What a form is declared with."""

OWN_FORM: Final = "credit_risk.form.credit_scoring"
"""The project's own, where none is named."""


def form_at_hand(configured: str | None = None) -> Form:
    """Import the form that the environment names, or the configured one, or the project's own.

    Raises:
        FormError: as ``load_form``.
    """
    return load_form(os.environ.get(FORM_VARIABLE) or configured or OWN_FORM)


@cache
def load_form(name: str) -> Form:
    """Import the form of this name: a module such as ``mine.form``, or a file ``mine/form.py``.

    Raises:
        FormError: if there is none, or it contradicts itself; the message is one sentence.
    """
    place, expected = f"form {name}", "a Python module or file with a value FORM"
    try:
        module = _import_file(name) if name.endswith(".py") else _import_module(name)
    except FormError:
        raise
    except Exception as error:  # noqa: BLE001  a person's own module can raise anything
        said = str(error).partition("\n")[0]
        found = said if isinstance(error, ImportError | OSError) else _where(error, said)
        expected = _allowed(said) or expected
        raise FormError(place, found=found, expected=expected) from None
    form = getattr(module, "FORM", None)
    if not isinstance(form, Form):
        found = "no FORM" if form is None else f"FORM, a {type(form).__name__}"
        raise FormError(place, found=found, expected=expected)
    object.__setattr__(form, "module", name)
    return form


def _import_module(name: str) -> object:
    here = str(Path.cwd())
    if here not in sys.path:  # as for `python -m`
        sys.path.insert(0, here)
    return import_module(name)


def _import_file(name: str) -> object:
    path = Path(name).resolve()
    spec = spec_from_file_location(f"form_{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        msg = f"no file {name}"
        raise FileNotFoundError(msg)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _allowed(said: str) -> str:
    """List what is allowed where an error says that something else was not; empty otherwise."""
    found = re.match(r"(\w+)\.__init__\(\) got an unexpected keyword argument", said)
    names = {
        each.__name__: ", ".join(part.name for part in fields(each) if part.init)
        for each in DECLARED
    }
    return f"one of {names[found[1]]}" if found and found[1] in names else ""


def _where(error: BaseException, said: str) -> str:
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__} in line {error.lineno}: {error.msg}"
    trace = error.__traceback__
    line = 0
    while trace:
        line, trace = trace.tb_lineno, trace.tb_next
    return f"{type(error).__name__} in line {line}: {said}"
