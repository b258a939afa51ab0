"""Execute the notebooks in place and store what they print and draw, the same bytes for the same results.

    python benchmarks/notebooks.py [notebooks/01_what_a_plateau_is.ipynb ...]

All of notebooks/ by default. Nothing is stored of when and where a notebook ran: no times, no versions, no paths. A notebook
that fails, warns or shows a progress bar is not written. Prints the seconds of each.
"""

from __future__ import annotations

import argparse
import base64
import os
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parents[1] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
# of a chunk: length and type before the data, a checksum behind
BEFORE, BEHIND = struct.Struct(">I4s"), 4


def without_texts(png: bytes) -> bytes:
    """Return the image without what says by which program and when it was made."""
    kept, place = PNG_HEAD, len(PNG_HEAD)
    while place < len(png):
        length, kind = BEFORE.unpack_from(png, place)
        chunk = png[place : place + BEFORE.size + length + BEHIND]
        kept += b"" if kind in (b"tEXt", b"iTXt", b"zTXt", b"tIME") else chunk
        place += len(chunk)
    return kept


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def warnings(notebook: NotebookNode) -> Iterator[str]:
    """Yield what was written to the standard error."""
    for cell in code_cells(notebook):
        yield from (output.text for output in cell.outputs if output.get("name") == "stderr")


def executed(path: Path) -> NotebookNode:
    """Return the notebook with the outputs of a run from top to bottom in a kernel of its own; raises where a cell does."""
    notebook = nbformat.read(path, as_version=4)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count, cell.metadata = [], None, NotebookNode()
    where = {"metadata": {"path": str(path.parent)}}
    # where ipywidgets is missing tqdm says so, which is nothing about the notebook
    environment = os.environ | {"PYTHONWARNINGS": "ignore:IProgress not found"}
    client = NotebookClient(notebook, timeout=600, record_timing=False, coalesce_streams=True, resources=where)
    client.execute(env=environment)
    notebook.metadata = nbformat.from_dict(METADATA)
    for output in (output for cell in code_cells(notebook) for output in cell.outputs):
        if png := output.get("data", {}).get("image/png"):
            output.data["image/png"] = base64.b64encode(without_texts(base64.b64decode(png))).decode()
    return notebook


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all by default")
    for path in parser.parse_args().notebooks or sorted(FOLDER.glob("*.ipynb")):
        started = time.perf_counter()
        notebook = executed(path.resolve())
        if said := list(warnings(notebook)):
            sys.exit(f"{path} is not written, it warns:\n{''.join(said)}")
        nbformat.write(notebook, path)
        print(f"{time.perf_counter() - started:6.1f} s  {path.stat().st_size / 1000:4.0f} kB  {path.name}", flush=True)


if __name__ == "__main__":
    main()
