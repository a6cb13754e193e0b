"""Make the zip that Elastic Beanstalk takes: a bento, its model, its Dockerfile at the root.

python deploy/eb_bundle.py [credit_risk_classifier:<version>] [--keys keys.toml] [--to dist]

Without a tag it is the latest bento. Prints the path of the zip. The same bento and keys give the
same bytes. The file of keys has hashes and no key, so that it may be in an image. Without one the
environment does not start, since its settings ask for keys.
"""

import argparse
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import bentoml
from bentoml.exceptions import BentoMLException

PROJECT = Path(__file__).parents[1]
SETTINGS = PROJECT / "deploy" / "elastic-beanstalk"
DOCKERFILE = "env/docker/Dockerfile"
KEYS = "keys/keys.toml"
"""In the zip; the image has it below its folder of the bento, where the settings name it."""


def files_below(folder: Path, at: str = "") -> Iterator[tuple[str, Path]]:
    """Each file of a folder: its name in the zip, where it is."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield at + path.relative_to(folder).as_posix(), path


def contents(bento: bentoml.Bento) -> dict[str, Path | str]:
    """What is in the zip: name, and a file or a text."""
    found: dict[str, Path | str] = dict(files_below(Path(bento.path)))
    for info in bento.info.all_models:  # the models stay in the store when a bento is built
        model = bentoml.models.get(info.tag)
        folder = f"models/{model.tag.name}"
        found |= files_below(Path(model.path), at=f"{folder}/{model.tag.version}/")
        found[f"{folder}/latest"] = str(model.tag.version)
    found["Dockerfile"] = found[DOCKERFILE]
    return found | dict(files_below(SETTINGS))


def write(target: Path, entries: dict[str, Path | str]) -> None:
    """Write a zip whose bytes do not depend on when and by whom it is made."""
    with zipfile.ZipFile(target, "w") as bundle:
        for name, content in sorted(entries.items()):
            data = content if isinstance(content, str) else content.read_bytes()
            mode = 0o755 if name.endswith(".sh") else 0o644
            entry = zipfile.ZipInfo(name)  # its time is the first that a zip can have
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100000 | mode) << 16
            bundle.writestr(entry, data)


def main() -> None:
    """Bundle the bento that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tag", nargs="?", default="credit_risk_classifier:latest")
    parser.add_argument("--keys", type=Path, help="file of API keys that the image gets")
    parser.add_argument("--to", type=Path, default=PROJECT / "dist", help="folder for the zip")
    asked = parser.parse_args()
    try:
        bento = bentoml.get(asked.tag)
    except BentoMLException as error:
        sys.exit(f"{error}; build it first: bentoml build -f deploy/bentofile.yaml")
    asked.to.mkdir(parents=True, exist_ok=True)
    target = asked.to / f"{bento.tag.name}-{bento.tag.version}.zip"
    keys = {KEYS: asked.keys} if asked.keys else {}
    try:
        write(target, contents(bento) | keys)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    if not keys:
        print(f"It has no {KEYS}, without which it does not start: see --keys", file=sys.stderr)  # noqa: T201  to a person
    print(target)  # noqa: T201  the answer


if __name__ == "__main__":
    main()
