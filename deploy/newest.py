"""Print what lean_bento and its tests need, as the Pipfile allows it; `make test-newest` runs this.

pip then installs the newest versions that are allowed, whatever the lock has.
"""

import sys
import tomllib
from pathlib import Path

PIPFILE = Path(__file__).parents[1] / "Pipfile"
OF_THE_MODEL = {"scikit-learn", "xgboost"}  # the latter brings half a gigabyte for GPUs
OF_THE_TESTS = {"hypothesis", "openapi-spec-validator", "pytest", "pytest-xdist"}

pipfile = tomllib.loads(PIPFILE.read_text(encoding="utf-8"))
packages, tools = pipfile["packages"], pipfile["dev-packages"]
needed = {name: packages[name] for name in packages.keys() - OF_THE_MODEL}
needed |= {name: tools[name] for name in OF_THE_TESTS}
for name, versions in sorted(needed.items()):
    sys.stdout.write(f"{name}{versions.replace('*', '')}\n")
