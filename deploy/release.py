"""Check, test and build a release: everything that a person needs to publish it, in dist/.

python deploy/release.py [--to dist]

Nothing is published, tagged or changed elsewhere; the last lines say what would do that. The
version is ``credit_risk.__version__``, and CHANGELOG.md must have a dated section for it.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import bentoml
import container
import eb_bundle

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def stated_version() -> str:
    """The version that the code states."""
    text = (PROJECT / "credit_risk" / "__init__.py").read_text(encoding="utf-8")
    return re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)[0]


def refuse_what_is_not_ready(version: str) -> None:
    """Leave with a sentence unless the tree is what the change log says it is."""
    changed = _output("git", "status", "--porcelain")
    if changed:
        sys.exit(f"found changes that are not committed, expected none:\n{changed}")
    newest = re.findall(
        r"^## (.+)$", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )[0]
    if not re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", newest):
        sys.exit(
            f"CHANGELOG.md: found {newest!r} as newest section, expected '{version} - <date>'; "
            "move what is unreleased below such a line, or change credit_risk.__version__"
        )


def build(version: str, tool: str, to: Path) -> tuple[str, list[Path]]:
    """Build bento, image, zip and archives; the bento's tag, and the files made."""
    tag = container.build_bento()
    container.build_image(tool, tag)
    to.mkdir(parents=True, exist_ok=True)
    name = tag.split(":")[0]
    bento, model = to / f"{name}-{version}.bento", to / f"{name}-{version}.bentomodel"
    eb_zip = to / f"{name}-{version}-elastic-beanstalk.zip"
    for target in (bento, model, eb_zip):
        target.unlink(missing_ok=True)  # of an earlier try
    _output(BIN / "bentoml", "export", tag, str(bento))
    _output(BIN / "bentoml", "models", "export", container.model_of(tag), str(model))
    eb_bundle.write(eb_zip, eb_bundle.contents(bentoml.get(tag)))
    sums = to / "SHA256SUMS"
    made = [bento, model, eb_zip]
    sums.write_text("".join(f"{_sha256(path)}  {path.name}\n" for path in made), encoding="utf-8")
    return tag, [*made, sums]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _output(*command: str | Path) -> str:
    done = subprocess.run(  # noqa: S603  our own arguments
        command, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def main() -> None:
    """Make the release, or say why not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--to", type=Path, default=PROJECT / "dist", help="folder for the files")
    to = parser.parse_args().to
    version = stated_version()
    refuse_what_is_not_ready(version)
    tool = container.find_tool()
    if tool is None:
        sys.exit("NO RELEASE: none of docker, podman and buildah works here")
    subprocess.run(["make", "check", "test", "test-system"], cwd=PROJECT, check=True)  # noqa: S607  as a person would
    tag, made = build(version, tool, to)
    lines = [f"{path}  {path.stat().st_size / 1e6:.1f} MB" for path in made]
    sys.stdout.write(
        f"\nRelease {version} of {_output('git', 'rev-parse', 'HEAD')}\n"
        f"image  {tag} ({tool})\n" + "\n".join(lines) + "\n\n"
        f"Nothing was published. To do so: git tag v{version} && git push origin v{version}, "
        f"push the image, and attach the files.\n"
    )


if __name__ == "__main__":
    main()
