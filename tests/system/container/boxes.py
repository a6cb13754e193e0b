"""Run a container of an image, and end it.

With the tool itself where it can run containers. Where it cannot, as in a sandbox without control
groups, with what a container is made of: the image's own file system, read-only, in namespaces of
its own, as the image's user.
"""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from running import PATIENCE, free_port

INSIDE = 3000


class Box(Protocol):
    """A running container."""

    url: str

    def logged(self) -> str: ...

    def inside(self, *command: str) -> str:
        """Run a command in the container, and return what it prints."""
        ...

    def terminate(self) -> None:
        """Send SIGTERM to its first process."""
        ...

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        ...

    def remove(self) -> None: ...


def call(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert not check or found.returncode == 0, f"{command}\n{found.stdout}{found.stderr}"
    return found


def configuration(tool: str, image: str) -> dict[str, Any]:
    """Configuration of an image: User, Env, Entrypoint, WorkingDir, Labels."""
    if tool == "buildah":
        found = json.loads(call("buildah", "inspect", "--type", "image", image).stdout)
        return dict(found["OCIv1"]["config"])
    return dict(json.loads(call(tool, "image", "inspect", image).stdout)[0]["Config"])


def runs_containers(tool: str, image: str) -> bool:
    """Whether the tool itself can run a container here."""
    if tool == "buildah":
        return False
    return call(tool, "run", "--rm", "--entrypoint", "true", image, check=False).returncode == 0


@dataclass
class ToolBox:
    """A container run by docker or podman."""

    tool: str
    image: str
    arguments: tuple[str, ...]
    read_only: bool = True
    variables: tuple[str, ...] = ()
    url: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        options = ["--publish", f"127.0.0.1:{port}:{INSIDE}"]
        options += [f"--env={each}" for each in self.variables]
        if self.read_only:
            options += ["--read-only", "--tmpfs", "/tmp"]  # noqa: S108  the container's
        started = call(self.tool, "run", "--detach", *options, self.image, *self.arguments)
        self.name = started.stdout.strip()

    def logged(self) -> str:
        found = call(self.tool, "logs", self.name, check=False)
        return found.stdout + found.stderr

    def inside(self, *command: str) -> str:
        return call(self.tool, "exec", self.name, *command).stdout

    def terminate(self) -> None:
        call(self.tool, "kill", "--signal", "TERM", self.name)

    def wait(self) -> int:
        return int(call(self.tool, "wait", self.name).stdout)

    def remove(self) -> None:
        call(self.tool, "rm", "--force", self.name, check=False)


MOUNTS = """
mount --bind "$0" "$0"
mount -o remount,bind,{writing} "$0"
mount -t tmpfs tmpfs "$0/tmp"
mount -t proc proc "$0/proc"
mount --bind /dev "$0/dev"
mount -t tmpfs tmpfs "$0/dev/shm"
{network}
exec {enter}
"""


@dataclass
class NamespaceBox:
    """A container of Linux' own parts; needs root, unshare and nsenter (Debian's util-linux)."""

    tool: str
    image: str
    arguments: tuple[str, ...]
    log: Path
    network: bool = True
    read_only: bool = True
    variables: tuple[str, ...] = ()
    url: str = ""
    name: str = ""
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        if self.tool == "buildah":
            self.name = call("buildah", "from", self.image).stdout.strip()
            root = call("buildah", "mount", self.name).stdout.strip()
        else:
            self.name = call(self.tool, "create", self.image, *self.arguments).stdout.strip()
            root = call(self.tool, "mount", self.name).stdout.strip()
        # Every tool that runs containers writes this file.
        Path(root, "etc/hosts").write_text("127.0.0.1 localhost\n")

        said = configuration(self.tool, self.image)
        user = str(said["User"])
        self._environment = [*said["Env"], f"BENTOML_PORT={port}", *self.variables]
        self._enter = f'chroot --userspec={user} --groups={user.partition(":")[2]} "$0"'
        begin = f'{self._enter} env -i "$@"'
        script = MOUNTS.format(
            enter=begin,
            network="" if self.network else "ip link set lo up",
            writing="ro" if self.read_only else "rw",
        )
        network = [] if self.network else ["--net"]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *("unshare", "--mount", "--pid", "--fork", *network),
                    *("sh", "-ec", script, root, *self._environment),
                    *("sh", "-c", 'cd "$0" && exec "$@"', str(said["WorkingDir"])),
                    *(*(said.get("Entrypoint") or ()), *self.arguments),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._root = root

    def _first_process(self) -> int:
        """Number of the container's first process, seen from outside."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self._children()
            if found:
                return found[0]
            time.sleep(0.05)
        raise AssertionError(self.logged())

    def _children(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in children.read_text().split()]

    def logged(self) -> str:
        return self.log.read_text()

    def inside(self, *command: str) -> str:
        enter = f'exec {self._enter} env -i "$@"'
        target = ["nsenter", "--target", str(self._first_process()), "--mount", "--pid", "--net"]
        return call(*target, "sh", "-ec", enter, self._root, *self._environment, *command).stdout

    def terminate(self) -> None:
        os.kill(self._first_process(), signal.SIGTERM)

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def remove(self) -> None:
        if self.process.poll() is None:
            # All others end with the first; unshare's own --kill-child ends when the user changes.
            for first in self._children():
                os.kill(first, signal.SIGKILL)
            self.process.kill()
            self.process.wait(PATIENCE)
        unmount = ("buildah", "umount") if self.tool == "buildah" else (self.tool, "umount")
        call(*unmount, self.name, check=False)
        call(self.tool, "rm", self.name, check=False)


@contextmanager
def running(
    tool: str,
    image: str,
    *arguments: str,
    log: Path,
    network: bool = True,
    read_only: bool = True,
    variables: tuple[str, ...] = (),
) -> Iterator[Box]:
    """Run a container until the body of the ``with`` ends; it is ready when the body begins.

    ``variables`` are of its environment, each ``NAME=value``.
    """
    box: Box
    if network and runs_containers(tool, image):
        box = ToolBox(tool, image, arguments, read_only, variables)
    else:
        assert os.geteuid() == 0, f"{tool} cannot run containers here, and only root can otherwise"
        assert shutil.which("nsenter"), "nsenter is missing (Debian package util-linux)"
        box = NamespaceBox(tool, image, arguments, log, network, read_only, variables)
    try:
        wait_until_ready(box)
        yield box
    finally:
        box.remove()


def printed(tool: str, image: str, *command: str, log: Path) -> str:
    """What a command prints that is run to its end in a container without a network."""
    if runs_containers(tool, image):
        options = ("--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp")  # noqa: S108  as above
        return call(tool, "run", *options, image, *command).stdout
    box = NamespaceBox(tool, image, command, log, network=False)
    try:
        code = box.wait()
        assert code == 0, box.logged()
    finally:
        box.remove()
    return box.logged()


READY = """
import urllib.request
print(urllib.request.urlopen({url!r}, timeout=5).status)
"""


def wait_until_ready(box: Box) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if isinstance(box, NamespaceBox):
            assert box.process.poll() is None, box.logged()
            if not box.network:  # then it can only be asked from inside
                ready = READY.format(url=f"{box.url}/readyz")
                try:
                    box.inside("python", "-c", ready)
                except AssertionError:
                    time.sleep(0.5)
                    continue
                return
        try:
            with urllib.request.urlopen(f"{box.url}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"not ready after {PATIENCE} s:\n{box.logged()}")
