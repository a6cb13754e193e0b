"""The notebooks run from top to bottom and show what is committed.

    python tests/system/notebooks/test_notebooks.py    runs them all and writes down what they show

They call the package and hold no logic of their own. What they show must not depend on the
machine; decimals may differ in their last digits, since processors add up differently.
"""

import ast
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets import default

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb"))
PATIENCE = 120
"""Seconds to wait for a cell; a shared machine can be slow."""
LARGEST = 400_000
"""Bytes of a notebook, pictures included."""
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MAY_IMPORT = {"IPython", "bentoml", "credit_risk", "matplotlib", "numpy", "pandas", "sys"}
LOGIC = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.With, ast.Compare),
)
PICTURE = "image/svg+xml"
DECIMAL = re.compile(r"[-−+]?\d+\.\d+(?:e[-+]?\d+)?")  # noqa: RUF001  a true minus
OF_A_MACHINE = re.compile(r"/(?:home|root|tmp|usr|opt|var|work|Users)/|[A-Z]:\\\\|\b0x[0-9a-f]{6}")


class KernelOfThisPython(AsyncKernelManager):
    """Starts the interpreter that runs the tests, whatever kernels are installed."""

    @default("kernel_spec_manager")
    def _only_the_native_one(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def run(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells in a fresh kernel that starts in the folder, as Jupyter and VS Code do."""
    with tempfile.TemporaryDirectory() as nobodys:
        settings = {
            "IPYTHONDIR": nobodys,  # not what somebody made their IPython do at start
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning about debuggers
        }
        NotebookClient(
            notebook,
            timeout=PATIENCE,
            kernel_name="python3",
            kernel_manager_class=KernelOfThisPython,
            resources={"metadata": {"path": str(folder)}},
            extra_arguments=["--log-level=40"],  # else it warns of who could listen on this machine
            record_timing=False,
            coalesce_streams=True,
        ).execute(env=os.environ | settings)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def notebook(path: Path) -> NotebookNode:
    return read(path)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def statements(notebook: NotebookNode) -> Iterator[ast.AST]:
    """Everything in the code cells; a line of IPython's own becomes a call."""
    to_python = TransformerManager().transform_cell
    for cell in code(notebook):
        yield from ast.walk(ast.parse(to_python(cell.source)))


def shown(notebook: NotebookNode) -> list[tuple[str, str]]:
    """What is shown, in order: its kinds and its text; what is written to stderr is left out."""
    found = []
    for output in (output for cell in code(notebook) for output in cell.outputs):
        if output.output_type != "stream":
            found.append((", ".join(sorted(output.data)), output.data["text/plain"]))
        elif output.name == "stdout":
            found.append(("stdout", output.text))
    return found


def test_there_are_three_notebooks() -> None:
    assert len(NOTEBOOKS) == 3


@pytest.mark.system
def test_it_runs_and_shows_what_is_committed(path: Path, notebook: NotebookNode) -> None:
    fresh = read(path)

    run(fresh, path.parent)

    before, now = shown(notebook), shown(fresh)
    assert [kinds for kinds, _ in now] == [kinds for kinds, _ in before]
    for (_, committed), (_, found) in zip(before, now, strict=True):
        assert DECIMAL.sub("#", found).split() == DECIMAL.sub("#", committed).split()
        assert decimals(found) == pytest.approx(decimals(committed), rel=0.01, abs=0.002)


def decimals(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in DECIMAL.findall(text)]  # noqa: RUF001


def test_it_shows_at_least_three_pictures(notebook: NotebookNode) -> None:
    assert sum(PICTURE in kinds for kinds, _ in shown(notebook)) >= 3


def test_its_code_calls_the_package_and_holds_no_logic(notebook: NotebookNode) -> None:
    for node in statements(notebook):
        assert not isinstance(node, LOGIC), f"logic belongs in the package: {ast.unparse(node)}"
        if isinstance(node, ast.BinOp):
            assert isinstance(node.op, ast.BitOr), f"a formula: {ast.unparse(node)}"


def test_it_imports_the_package_and_what_shows_things(notebook: NotebookNode) -> None:
    modules = set()
    for node in statements(notebook):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module))

    assert {module.partition(".")[0] for module in modules} <= MAY_IMPORT


def test_it_was_run_once_from_top_to_bottom_without_a_warning(notebook: NotebookNode) -> None:
    cells = code(notebook)

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(output.get("name") != "stderr" for cell in cells for output in cell.outputs)


def test_it_holds_nothing_of_a_machine_and_is_small(path: Path, notebook: NotebookNode) -> None:
    assert not OF_A_MACHINE.findall(path.read_text())
    assert path.stat().st_size < LARGEST
    assert notebook.metadata == KERNEL
    assert not any(cell.metadata for cell in notebook.cells)


def refresh(path: Path) -> None:
    """Run a notebook and write it with what it shows now, and with nothing of this machine."""
    notebook = read(path)
    run(notebook, path.parent)
    notebook.metadata = NotebookNode(KERNEL)
    for place, cell in enumerate(notebook.cells, start=1):
        cell.id, cell.metadata = f"cell-{place}", NotebookNode()
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
            for data in (each.data for each in cell.outputs if PICTURE in each.get("data", {})):
                data[PICTURE] = " ".join(data[PICTURE].split())  # on one line: a fifth smaller
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for each in NOTEBOOKS:
        refresh(each)
