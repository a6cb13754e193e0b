"""Take out of Pipfile.lock what does not belong there; `make lock` runs this.

No registry's address: each machine has its own. No ``nvidia-nccl-cu12``: XGBoost asks for this
half gigabyte for training on several GPUs, and works without it on the CPU.
"""

import json
from pathlib import Path

LOCK = Path(__file__).parents[1] / "Pipfile.lock"
NOT_NEEDED = ("nvidia-nccl-cu12",)

lock = json.loads(LOCK.read_text(encoding="utf-8"))
lock["_meta"]["sources"] = []
for section in ("default", "develop"):
    for package in NOT_NEEDED:
        lock[section].pop(package, None)
    for pinned in lock[section].values():
        pinned.pop("index", None)
LOCK.write_text(json.dumps(lock, indent=4) + "\n", encoding="utf-8")
