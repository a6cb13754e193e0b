"""The command that makes API keys: ``python -m credit_risk.keys --help``."""

from typing import Final

from lean_bento import KeyCommand

COMMAND: Final = KeyCommand(
    command="python -m credit_risk.keys", variable="CREDIT_RISK_API_KEYS_FILE", prefix="crk_"
)

if __name__ == "__main__":
    print(COMMAND.main())  # noqa: T201  a command speaks
