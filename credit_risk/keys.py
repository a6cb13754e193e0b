"""The command that makes API keys: ``python -m credit_risk.keys --help``."""

from lean_bento.auth.__main__ import main

__all__ = ["main"]

if __name__ == "__main__":
    print(main())  # noqa: T201  a command speaks
