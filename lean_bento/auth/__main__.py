"""Run ``lean_bento.auth.command``."""

from lean_bento.auth.command import KeyCommand

if __name__ == "__main__":
    print(KeyCommand().main())  # noqa: T201  a command speaks
