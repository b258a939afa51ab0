"""The house in numbers: what imports what, how large files and functions are, and which walls leak.

    .venv/bin/python benchmarks/architecture.py                      # this tree
    .venv/bin/python benchmarks/architecture.py /tmp/old/src src     # two trees, side by side

A tree is a folder that holds the package, such as ``src``. Files are parsed, never run, except for the row of public names,
for which Python imports the package of that tree. The floors are those of the table in docs/architecture.md; arrows upward
are judged where all rooms of a tree stand in that table. tests/test_architecture.py holds this tree to them.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "nearclifford"
MOST_PARAMETERS = 8
PATCH_CLASSES = {"Gaussian", "Uniform"}
# What a kernel may import besides other kernels and the array types.
KERNEL_LIBRARIES = {"numpy", "numba", "llvmlite", "__future__", *sys.stdlib_module_names}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file: its path inside the package, without the suffix, and its text."""

    path: tuple[str, ...]
    text: str = field(repr=False)

    @property
    def room(self) -> str:
        """The folder at the top of the package, or the file itself where it lies there."""
        return self.path[0]

    @property
    def name(self) -> str:
        """The path as a text, as in ``kernels/chain/hits.py``."""
        return "/".join(self.path) + ".py"

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return len(self.text.splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text)

    @cached_property
    def functions(self) -> list[Function]:
        """All functions and methods."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


@dataclass(frozen=True)
class Arrow:
    """One file imports another: ``kind`` is "import", "late" (inside a function) or "typing" (under TYPE_CHECKING)."""

    tail: Source
    head: Source
    kind: str
    line: int

    def __str__(self) -> str:
        return f"{self.tail.name}:{self.line} imports {self.head.name} ({self.kind})"


def read_sources(src: Path) -> list[Source]:
    """Return the Python files of the package in a tree."""
    package = src / PACKAGE
    files = sorted(package.rglob("*.py"))
    return [Source(file.relative_to(package).with_suffix("").parts, file.read_text(encoding="utf-8")) for file in files]


def read_floors(page: Path = ROOT / "docs" / "architecture.md") -> dict[str, int]:
    """Return the floor of every room, 1 for the lowest, from the rows ``| 3 | `patches.py` | ...`` of the page."""
    rows = re.findall(r"^\| (\d+) \| `(\w+)(?:\.py|/)`", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {room: int(floor) for floor, room in rows}


# what imports what


def imports_of(tree: ast.Module) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    """Yield every import of a file and its kind."""

    def walk(node: ast.AST, kind: str) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, kind
        typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        inside = "typing" if typing else "late" if isinstance(node, Function) and kind == "import" else kind
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside)

    return walk(tree, "import")


def modules_of(source: Source, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Yield the modules that an import may mean, dotted: what stands after ``import`` is a module or a name in one."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    above = source.path[: len(source.path) - node.level] if node.level else ()
    base = ".".join([*([PACKAGE, *above] if node.level else []), *([node.module] if node.module else [])])
    for alias in node.names:
        yield f"{base}.{alias.name}"


def arrows(sources: list[Source]) -> list[Arrow]:
    """Return the imports between the files of the package."""
    files = {".".join([PACKAGE, *source.path]).removesuffix(".__init__"): source for source in sources}
    found = []
    for source in sources:
        for node, kind in imports_of(source.tree):
            for module in modules_of(source, node):
                head = files.get(module) or files.get(module.rpartition(".")[0])
                if head and head is not source:
                    found.append(Arrow(source, head, kind, node.lineno))
    return found


def between_rooms(found: list[Arrow]) -> dict[tuple[str, str], list[Arrow]]:
    """Return the arrows by the rooms that they join, those within a room left out."""
    joined: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in found:
        if arrow.tail.room != arrow.head.room:
            joined.setdefault((arrow.tail.room, arrow.head.room), []).append(arrow)
    return joined


def upward(found: list[Arrow], floors: dict[str, int]) -> list[Arrow]:
    """Return the arrows from a lower floor to a higher one; rooms without a floor are not judged."""
    return [a for a in found if floors.get(a.tail.room, len(floors)) < floors.get(a.head.room, 0)]


def circles(pairs: set[tuple[str, str]]) -> list[list[str]]:
    """Return the groups of nodes that reach each other."""
    nodes = {node for pair in pairs for node in pair}
    reached = {node: {head for tail, head in pairs if tail == node} for node in nodes}
    for middle in nodes:
        for node in nodes:
            if middle in reached[node]:
                reached[node] |= reached[middle]
    groups = {frozenset(b for b in reached[a] if a in reached[b]) for a in nodes if a in reached[a]}
    return sorted(sorted(group) for group in groups)


def circles_of_rooms(found: list[Arrow]) -> list[list[str]]:
    """Return the circles between the rooms at run time."""
    return circles({(a.tail.room, a.head.room) for a in found if a.kind != "typing" and a.tail.room != a.head.room})


def circles_of_files(found: list[Arrow]) -> list[list[str]]:
    """Return the circles between files at run time."""
    return circles({(a.tail.name, a.head.name) for a in found if a.kind != "typing"})


# what leaks


def n_parameters(function: Function) -> int:
    """Return how many parameters a function has by position; ``self``, ``cls`` and what a keyword must name not counted."""
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
    return len(names) - (names[:1] in (["self"], ["cls"])) + (given.vararg is not None)


def long_signatures(sources: list[Source]) -> list[str]:
    """Return the functions with more than `MOST_PARAMETERS` parameters."""
    functions = [(source, function) for source in sources for function in source.functions]
    return [f"{s.name}:{f.lineno} {f.name} ({n})" for s, f in functions if (n := n_parameters(f)) > MOST_PARAMETERS]


def _names_a_patch(nodes: list[ast.AST | None]) -> bool:
    """Whether one of the expressions is a class of patches, or a union or tuple that holds one; a call is no class."""
    for node in nodes:
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            inside = _names_a_patch(list(node.elts))
        elif isinstance(node, ast.BinOp):
            inside = _names_a_patch([node.left, node.right])
        else:
            inside = getattr(node, "id", getattr(node, "attr", None)) in PATCH_CLASSES
        if inside:
            return True
    return False


def _asks(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", None) in ("isinstance", "issubclass") and _names_a_patch(list(node.args[1:]))
    if isinstance(node, ast.Compare):
        return _names_a_patch([node.left, *node.comparators])
    if isinstance(node, ast.MatchClass):
        return _names_a_patch([node.cls])
    return isinstance(node, ast.Dict) and _names_a_patch(list(node.keys))


def patch_questions(sources: list[Source]) -> list[str]:
    """Return the places outside patches.py that ask a patch for its class, by isinstance, ``is``, ``case`` or a table."""
    elsewhere = [source for source in sources if source.path != ("patches",)]
    return [f"{s.name}:{node.lineno}" for s in elsewhere for node in ast.walk(s.tree) if _asks(node)]


def kernel_leaks(sources: list[Source]) -> list[str]:
    """Return the imports of kernels that are neither kernels nor arrays nor a library of `KERNEL_LIBRARIES`."""
    found = []
    for source in sources:
        for node, _ in imports_of(source.tree) if source.room == "kernels" else ():
            for module in modules_of(source, node):
                first, _, rest = module.partition(".")
                inside = first == PACKAGE and rest.split(".")[0] in ("kernels", "arrays")
                if not inside and first not in KERNEL_LIBRARIES:
                    found.append(f"{source.name}:{node.lineno} imports {module}")
    return found


def imports_from(sources: list[Source], rooms: set[str], libraries: set[str]) -> list[str]:
    """Return the places in some rooms that import some libraries, for types or at run time."""
    return [
        f"{source.name}:{node.lineno} imports {module}"
        for source in sources
        if source.room in rooms
        for node, _ in imports_of(source.tree)
        for module in modules_of(source, node)
        if module.split(".")[0] in libraries
    ]


def public_names(src: Path) -> list[str]:
    """Return what ``dir(nearclifford)`` shows without an underscore, in a Python that imports the package of a tree."""
    code = f"import {PACKAGE}; print({PACKAGE}.__file__, *dir({PACKAGE}))"
    environment = {**os.environ, "PYTHONPATH": str(src.resolve())}
    ran = subprocess.run([sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=True)
    file, *names = ran.stdout.split()
    if not Path(file).is_relative_to(src.resolve()):
        raise SystemExit(f"{src} was asked for, but Python imported {file}.")
    return [name for name in names if not name.startswith("_")]


# the table


def spread(sizes: list[int]) -> str:
    """Return median, 90th percentile and maximum.

    >>> spread([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    '6 / 10 / 11'
    """
    return " / ".join(f"{part:.0f}" for part in np.percentile(sizes, [50, 90, 100]))


def measure(src: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the rows of the table for one tree, and the offences behind them."""
    sources, floors = read_sources(src), read_floors()
    found = arrows(sources)
    at_run_time = [arrow for arrow in found if arrow.kind != "typing"]
    homeless = sorted({source.room for source in sources} - floors.keys())
    functions = [function for source in sources for function in source.functions]
    offences = {
        f"functions with more than {MOST_PARAMETERS} parameters": long_signatures(sources),
        "places that ask a patch for its class": patch_questions(sources),
        "arrows upward": [str(arrow) for arrow in upward(at_run_time, floors)] if not homeless else [],
        "circles between rooms": [" - ".join(circle) for circle in circles_of_rooms(found)],
        "circles between files": [" - ".join(circle) for circle in circles_of_files(found)],
        "foreign imports of kernels": kernel_leaks(sources),
    }
    rows = {
        "files at the top of the package": str(sum(len(source.path) == 1 for source in sources)),
        "folders at the top": str(len({source.room for source in sources if len(source.path) > 1})),
        "public names of dir()": str(len(public_names(src))),
        "arrows between rooms": str(len(between_rooms(at_run_time))),
        "arrows between rooms for types alone": str(len(between_rooms(found)) - len(between_rooms(at_run_time))),
        "imports inside functions": str(sum(arrow.kind == "late" for arrow in found)),
        **{what: str(len(places)) for what, places in offences.items()},
        "files": str(len(sources)),
        "lines": f"{sum(source.n_lines for source in sources):,}",
        "lines a file, median / p90 / max": spread([source.n_lines for source in sources]),
        "functions": str(len(functions)),
        "lines a function, median / p90 / max": spread([(f.end_lineno or f.lineno) - f.lineno + 1 for f in functions]),
    }
    if homeless:
        rows["arrows upward"] = f"not judged, rooms without a floor: {len(homeless)}"
    return rows, offences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="*", type=Path, default=[ROOT / "src"], help="folders that hold the package")
    parser.add_argument("--where", action="store_true", help="list every arrow between rooms, and the offences by place")
    given = parser.parse_args()
    measured = [measure(tree) for tree in given.trees]
    print("| | " + " | ".join(map(str, given.trees)) + " |\n|---|" + "---:|" * len(measured))
    for name in measured[0][0]:
        print(f"| {name} | " + " | ".join(rows[name] for rows, _ in measured) + " |")
    for tree, (_, offences) in zip(given.trees, measured, strict=True) if given.where else ():
        print(f"\n{tree}")
        for (tail, head), some in sorted(between_rooms(arrows(read_sources(tree))).items()):
            print(f"  {tail} -> {head} ({len(some)})")
        for name, places in offences.items():
            print("".join(f"  {name}: {place}\n" for place in places), end="")


if __name__ == "__main__":
    main()
