"""The notebooks run from top to bottom, without an exception or a warning, and are kept without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PICTURES = {"2_from_derivation_to_flow": 2, "4_truncation_at_exponential_rates": 2}
BYTES = 20_000


def run(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The outputs of all cells, from a kernel of its own that finds this symflow.

    Raises CellExecutionError at the first exception, AssertionError for a warning.
    """
    where = {"metadata": {"path": ROOT / "notebooks"}}
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", resources=where)
    outputs = [output for cell in client.execute().cells for output in cell.get("outputs", [])]
    warned = [output.text for output in outputs if output.get("name") == "stderr" and "Warning" in output.text]
    assert not warned, warned
    return outputs


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))  # nobody's own start-up files


def test_there_are_notebooks():
    assert [path.name[0] for path in NOTEBOOKS] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path):
    outputs = run(nbformat.read(path, as_version=4))
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == PICTURES.get(path.stem, 0)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_small_and_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert path.stat().st_size < BYTES


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("1 / 0", CellExecutionError),
        ("import numpy as np\nnp.log(np.zeros(1))", AssertionError),
    ],
    ids=["exception", "warning"],
)
def test_what_goes_wrong_in_a_cell_is_seen(source, error):
    with pytest.raises(error, match=r"ZeroDivision|RuntimeWarning"):
        run(new_notebook(cells=[new_code_cell(source)]))
