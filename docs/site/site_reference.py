"""The reference: a page for every room that has public names, made of `nearclifford.__init__` and the map of the house."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

# As one meets them; a room that is not named here comes last.
ORDER = (
    "landscape", "ansatz", "observables", "patches", "encoder", "statistics", "diagnosis", "training", "surrogates",
    "costs", "devices", "noise", "geometry", "entanglement", "exact", "untied", "interchange", "studies", "evaluator",
    "errors",
)  # fmt: skip


@cache
def rooms_of_names(root: Path) -> dict[str, str]:
    """Return the room of every public name, without importing the package."""
    tree = ast.parse((root / "src" / "nearclifford" / "__init__.py").read_text(encoding="utf-8"))
    tables = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("__all__", "_MODULES")
    }
    return {name: tables["_MODULES"][name].split(".")[0] for name in tables["__all__"] if name != "__version__"}


def purposes(root: Path) -> dict[str, str]:
    """Return what each room is for, from the table of docs/architecture.md."""
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\|\s*\d+ \| `(\w+)(?:\.py|/)` \| (.+) \|$", text, re.MULTILINE))


def pages(root: Path) -> dict[str, str]:
    """Return the Markdown of the reference by file name: the list of all names, then a page for each room."""
    names, purpose = rooms_of_names(root), purposes(root)
    rooms = sorted(set(names.values()), key=lambda room: (ORDER.index(room) if room in ORDER else len(ORDER), room))
    members = {room: sorted((name for name in names if names[name] == room), key=str.lower) for room in rooms}
    index = ["# Reference", "", "Every name here is public: `import nearclifford as nc`, then `nc.train` and so on."]
    index += [
        "What is public stays as [the policy](../stability.md) says.",
        "",
        "| room | what it is for | names |",
        "|---|---|---|",
    ]
    found = {"api/index.md": ""}
    for room in rooms:
        links = ", ".join(f"[`{name}`]({room}.md#nearclifford.{name})" for name in members[room])
        index.append(f"| [{room}]({room}.md) | {purpose[room]} | {links} |")
        blocks = [f"# {room}", f"{purpose[room][0].upper()}{purpose[room][1:]}."]
        found[f"api/{room}.md"] = "\n\n".join([*blocks, *(f"::: nearclifford.{name}" for name in members[room])])
    found["api/index.md"] = "\n".join(index)
    return found
