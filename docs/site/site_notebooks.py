"""Notebooks as pages: text, code, and the outputs that are stored in them."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Notebooks:
    """Markdown and pictures by their name on the site."""

    pages: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)


def joined(source: str | list[str]) -> str:
    """Return the text of a cell or an output."""
    return source if isinstance(source, str) else "".join(source)


def pages(folder: Path) -> Notebooks:
    """Return a page for every notebook of the folder, in the order of their names."""
    found = Notebooks()
    for file in sorted(folder.glob("*.ipynb")):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        text = []
        for cell in cells:
            source = joined(cell["source"])
            if cell["cell_type"] == "markdown":
                text.append(re.sub(r"\s*\$\$(.+?)\$\$\s*", r"\n\n$$\1$$\n\n", source, flags=re.DOTALL))
            elif cell["cell_type"] == "code" and source.strip():
                text.append(f"```python\n{source}\n```")
                text += [shown(output, file.stem, found) for output in cell["outputs"]]
        text.append(f"*This page is the notebook `notebooks/{file.name}`; `make notebook` opens it.*")
        found.pages[f"notebooks/{file.stem}.md"] = "\n\n".join(text)
    return found


def shown(output: dict[str, Any], stem: str, found: Notebooks) -> str:
    """Return the Markdown of an output; its picture joins the others."""
    data = output.get("data", {})
    if "image/png" in data:
        name = f"{stem}_{len(found.pictures)}.png"
        found.pictures[f"notebooks/{name}"] = base64.b64decode(joined(data["image/png"]))
        return f"![Figure made by the cell above]({name})"
    text = joined(output.get("text") or data.get("text/plain") or "").rstrip()
    return f"````text\n{text}\n````" if text else ""
