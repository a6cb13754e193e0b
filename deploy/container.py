"""Build the bento and its container image with docker, podman or buildah, whichever works.

`make container` runs this; the last line printed is the image's name. CONTAINER_TOOL chooses
another tool than the first that works, and ALLOW_SYNTHETIC=1 allows a model of synthetic loans. How
the image is made stands in Dockerfile.template.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
BASE = "python:3.11-slim"
"""As in both bentofiles; a test compares."""

TOOLS = ("docker", "podman", "buildah")
PIP_SETTINGS = ("index-url", "extra-index-url", "find-links", "trusted-host", "proxy", "timeout")
SECRETS = "/run/secrets"
ALLOW = "ALLOW_SYNTHETIC"
UNITS = {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}


def find_tool() -> str | None:
    """The tool that builds images here: the one that is named, or the first that answers."""
    for tool in filter(None, (os.environ.get("CONTAINER_TOOL"), *TOOLS)):
        if shutil.which(tool) and _call(tool, "info", check=False).returncode == 0:
            return tool
    return None


def build_bento() -> str:
    """Build the bento of the smaller image from the project, and return its tag."""
    smaller = ("--bentofile", PROJECT / "deploy" / "bentofile.yaml")
    built = _call(BIN / "bentoml", "build", *smaller, "--output", "tag", cwd=PROJECT)
    return str(re.findall(r"__tag__:(\S+)", built.stdout)[-1])


def build_image(tool: str, tag: str) -> None:
    """Build the image of a bento; it has the name and version of the bento."""
    # BentoML 1.4 finds the bento's own Dockerfile.template only if its temporary folder is below
    # the working directory (its issue 5566), so both are one here.
    with tempfile.TemporaryDirectory() as folder:
        options = [f"--opt=label={name}={value}" for name, value in _labels(tag).items()]
        options += [
            f"--opt=secret=id={path.name},src={path}" for path in write_secrets(Path(folder))
        ]
        if tool == "buildah":
            options.append("--opt=layers")  # reuse what has not changed, as the others do
        subprocess.run(  # noqa: S603  our own arguments
            [BIN / "bentoml", "containerize", tag, "--backend", tool, *options],
            cwd=folder,
            env=os.environ | {"TMPDIR": folder, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            check=True,
        )


def model_of(tag: str) -> str:
    """Tag of the model in a bento; both services of it have the same."""
    (model,) = {model["tag"] for each in _describe(tag)["services"] for model in each["models"]}
    return str(model)


def caution_of(model: str) -> str | None:
    """Why a model should not be in an image: it learned from synthetic loans. None if it may."""
    card = json.loads(_call(BIN / "bentoml", "models", "get", model, "--output", "json").stdout)
    data = card["metadata"]["data"]
    return f"{model} learned from synthetic loans, {data['name']}" if data["synthetic"] else None


def size(tool: str, image: str) -> float:
    """Size of an image with its base, bytes."""
    if tool != "buildah":
        return float(_call(tool, "image", "inspect", "--format", "{{.Size}}", image).stdout)
    (found,) = json.loads(_call(tool, "images", "--json", image).stdout)
    number, unit = found["size"].split()  # rounded
    return float(number) * UNITS[unit.upper()]


def _labels(tag: str) -> dict[str, str]:
    bento = _describe(tag)
    revision = ("git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
    return {
        "org.opencontainers.image.title": bento["name"],
        "org.opencontainers.image.version": bento["labels"]["version"],
        "org.opencontainers.image.revision": _call(*revision, cwd=PROJECT).stdout.strip(),
        "org.opencontainers.image.base.name": BASE,
        "credit-risk.bento": tag,
        "credit-risk.model": model_of(tag),
    }


def _describe(tag: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(
        _call(BIN / "bentoml", "get", tag, "--output", "json").stdout
    )
    return described


def write_secrets(folder: Path) -> list[Path]:
    """How this machine reaches its package index: pip's settings, and the certificates for it.

    Secrets are mounted while packages are installed and end up in no layer.
    """
    found = _call(sys.executable, "-m", "pip", "config", "list").stdout
    pairs = (line.partition("=") for line in found.splitlines())
    # Files before environment, as pip prints them, so that the environment wins.
    settings = {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, _, value in pairs}
    remote = {
        name: " ".join(part for part in settings[name].split() if not _is_local(part))
        for name in PIP_SETTINGS
        if name in settings
    }
    secrets = []
    certificates = settings.get("cert") or os.environ.get("SSL_CERT_FILE")
    if certificates:
        secrets.append(folder / "certificates")
        shutil.copyfile(certificates, secrets[-1])
        remote["cert"] = f"{SECRETS}/certificates"
    secrets.append(folder / "pip")
    lines = [f"{name} = {value}" for name, value in remote.items() if value]
    secrets[-1].write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
    return secrets


def _is_local(place: str) -> bool:
    return place.startswith(("/", "file:", ".", "~"))


def _call(
    *command: str | Path, cwd: Path | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(  # noqa: S603  our own arguments
        command,
        cwd=cwd,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done


def main() -> None:
    """Build both, and say what came out."""
    tool = find_tool()
    if tool is None:
        sys.exit(
            "NO IMAGE WAS BUILT: none of docker, podman and buildah works here. Debian has "
            "packages of podman and buildah."
        )
    tag = build_bento()
    if caution := caution_of(model_of(tag)):
        if os.environ.get(ALLOW) != "1":
            sys.exit(
                f"NO IMAGE WAS BUILT: {caution}; it is not for lending. Train on your own loans: "
                "python train.py --data FILE, or, to try the image out: make container "
                f"{ALLOW}=1"
            )
        sys.stderr.write(
            f"Warning: {caution}; the image is for trying things out, not for lending\n"
        )
    try:
        build_image(tool, tag)
    except subprocess.CalledProcessError:
        sys.exit(
            f"NO IMAGE WAS BUILT: {tool} failed, see above. Where there are no control groups, as "
            "in a sandbox, BUILDAH_ISOLATION=chroot helps podman and buildah."
        )
    whole, base = size(tool, tag), size(tool, BASE)
    sys.stdout.write(
        f"{tool}: {whole / 1e6:.0f} MB, {(whole - base) / 1e6:.0f} MB above {BASE}\n{tag}\n"
    )


if __name__ == "__main__":
    main()
