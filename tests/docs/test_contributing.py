"""CONTRIBUTING.md states the law of imports as the tests enforce it."""

import re

from documents import rows, section
from test_architecture import LAW

DOCUMENT = "CONTRIBUTING.md"


def test_the_table_of_imports_is_the_law() -> None:
    shown = {
        re.findall(r"`([\w.]+)`", package)[0]: set(re.findall(r"`(\w+)`", imported))
        for package, _, imported in rows(section(DOCUMENT, "The law of imports"))
    }

    enforced = {
        package: {each.removeprefix("credit_risk.") for each in allowed - {"credit_risk"}}
        for package, (allowed, _) in LAW.items()
    }
    assert shown == {package: enforced[package] for package in shown}
    assert shown.keys() == {
        name for name in LAW if name.startswith(("audit_log", "lean_bento", "credit_risk."))
    }
