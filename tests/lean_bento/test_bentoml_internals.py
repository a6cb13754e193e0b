"""What is leaned on in BentoML is checked before anything is served."""

import pytest
from bentoml._internal.server.http.traffic import MaxConcurrencyMiddleware

from lean_bento.bentoml_internals import USED, check


def test_the_installed_version_has_everything() -> None:
    check(USED)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (MaxConcurrencyMiddleware, "renamed_attribute"),
        (MaxConcurrencyMiddleware.__init__, "_renamed_semaphore"),
    ],
)
def test_what_is_gone_is_told_in_a_sentence(owner: object, name: str) -> None:
    with pytest.raises(ImportError, match=rf"BentoML 1\.4\.\d+ has .*MaxConc.* without {name}"):
        check({owner: (name,)})
