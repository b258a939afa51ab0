"""Notebooks are stored without output and run from top to bottom, here with small settings."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
SMALL = {
    "01_barren_plateaus_and_the_encoder": "QUBITS, DRAWS, SAMPLES, SEED = range(2, 7, 2), 3, 4, 7",
    "02_from_8_to_1000_qubits": "SIZES, LAYERS, SAMPLES, SEED = (8, 16, 70), 2, 1024, 7",
    "03_order_error_and_cost": ('QUBITS, SIZES, WIDTHS, SAMPLES, DRAWS, SEED = 4, (3, 4), ("D^-1/4", "D^-1"), 20000, 2, 7'),
    "04_devices_shots_and_noise": "QUBITS, LAYERS, SAMPLES, SIZES, SEED = 3, 1, 3, (2, 3), 7",
    "05_training_with_and_without": "QUBITS, LAYERS, RUNS, STEPS, SEED = 4, 2, 2, 20, 7",
    "06_circuits_of_your_own": "SIZES, SAMPLES, SEED = (4, 6), 256, 7",
}


def test_every_notebook_has_small_settings():
    assert [path.stem for path in NOTEBOOKS] == list(SMALL)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_clean_and_runs(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    [settings] = [cell for cell in code if "settings" in cell.metadata.get("tags", [])]
    settings.source = SMALL[path.stem]
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
