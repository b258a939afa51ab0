"""The walls of the house: what imports what, and what no room may do. The floors stand in docs/architecture.md."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "benchmarks" / "architecture.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("architecture", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


house = _load()


@pytest.fixture(scope="module")
def sources():
    return house.read_sources(ROOT / "src")


@pytest.fixture(scope="module")
def arrows(sources):
    return house.arrows(sources)


# this tree


def test_every_room_has_a_floor_and_every_floor_its_rooms(sources):
    floors = house.read_floors()
    assert {source.room for source in sources} == set(floors)
    assert list(floors.values()) == sorted(floors.values())
    assert set(floors.values()) == set(range(1, max(floors.values()) + 1))


def test_no_arrow_points_upward(arrows):
    at_run_time = [arrow for arrow in arrows if arrow.kind != "typing"]
    assert len(at_run_time) > 400
    assert [str(arrow) for arrow in house.upward(at_run_time, house.read_floors())] == []


def test_no_circles(arrows):
    assert house.circles_of_rooms(arrows) == []
    assert house.circles_of_files(arrows) == []


def test_no_function_has_more_than_eight_parameters(sources):
    assert house.long_signatures(sources) == []


def test_no_patch_is_asked_for_its_class(sources):
    assert house.patch_questions(sources) == []


def test_kernels_import_kernels_arrays_and_numeric_libraries_alone(sources):
    assert house.kernel_leaks(sources) == []


def test_qiskit_and_stim_stay_at_the_rim(sources):
    inside = {"arrays", "chains", "exact", "kernels", "patches", "plots", "statistics", "surrogates"}
    assert inside <= set(house.read_floors())
    assert house.imports_from(sources, inside, {"qiskit", "qiskit_aer", "stim"}) == []


# whether these checks can fail


def tree(folder: Path, **files: str) -> list:
    """Return the sources of a package with the given files; two underscores in a name stand for a slash."""
    for name, text in files.items():
        file = folder / "nearclifford" / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return house.read_sources(folder)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("from nearclifford.cli import main", "import"),
        ("from nearclifford import cli", "import"),
        ("import nearclifford.cli", "import"),
        ("from .cli import main", "import"),
        ("from . import cli", "import"),
        ("def verb():\n    from nearclifford.cli import main", "late"),
        ("class Room:\n    async def verb(self):\n        import nearclifford.cli", "late"),
        ("try:\n    import nearclifford.cli\nexcept ImportError:\n    pass", "import"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from nearclifford.cli import main", "typing"),
    ],
)
def test_an_arrow_upward_is_seen(tmp_path, text, kind):
    [arrow] = house.arrows(tree(tmp_path, memory=text, cli="main = 0"))
    assert (arrow.tail.name, arrow.head.name, arrow.kind) == ("memory.py", "cli.py", kind)
    assert house.upward([arrow], {"memory": 1, "cli": 2}) == [arrow]
    assert house.upward([arrow], {"memory": 2, "cli": 1}) == house.upward([arrow], {"memory": 1, "cli": 1}) == []
    assert house.upward([arrow], {"memory": 1}) == house.upward([arrow], {"cli": 1}) == []


def test_imports_within_folders_and_by_dots(tmp_path):
    sources = tree(
        tmp_path,
        exact__cpu="from nearclifford.exact.sweep import a\nfrom ..kernels import sweep\nfrom ..kernels.sweep import b, c",
        exact__sweep="a = 1",
        kernels__sweep="b = c = 1",
    )
    found = house.arrows(sources)
    assert [arrow.head.name for arrow in found] == [
        "exact/sweep.py",
        "kernels/sweep.py",
        "kernels/sweep.py",
        "kernels/sweep.py",
    ]
    assert list(house.between_rooms(found)) == [("exact", "kernels")]


def test_circles_are_seen(tmp_path):
    sources = tree(
        tmp_path,
        exact__cpu="import nearclifford.landscape",
        landscape="import nearclifford.patches",
        patches="def sample():\n    import nearclifford.exact.gpu",
        exact__gpu="",
        errors="if TYPE_CHECKING:\n    import nearclifford.patches",
    )
    found = house.arrows(sources)
    assert house.circles_of_rooms(found) == [["exact", "landscape", "patches"]]
    assert house.circles_of_files(found) == []
    sources = tree(tmp_path, exact__gpu="from nearclifford.exact import cpu")
    assert house.circles_of_files(house.arrows(sources)) == [["exact/cpu.py", "exact/gpu.py", "landscape.py", "patches.py"]]


@pytest.mark.parametrize(
    ("signature", "count"),
    [
        ("def f(a, b, c, d, e, f, g, h): ...", 8),
        ("def f(a, b, /, c, d, *, e, f, g, h, i): ...", 4),
        ("def f(a, b, c, d, e, f, g, *rest, **named): ...", 8),
        ("class A:\n    def f(self, a, b, c, d, e, f, g, h): ...", 8),
        ("class A:\n    async def f(cls, a, b, c, d, e, f, g, h, i): ...", 9),
    ],
)
def test_long_signatures_are_seen(tmp_path, signature, count):
    [source] = tree(tmp_path, memory=signature)
    [function] = source.functions
    assert house.n_parameters(function) == count
    assert bool(house.long_signatures([source])) == (count > 8)


@pytest.mark.parametrize(
    "question",
    [
        "isinstance(patch, Gaussian)",
        "isinstance(patch, patches.Uniform)",
        "isinstance(patch, (Other, Gaussian))",
        "isinstance(patch, Gaussian | Uniform)",
        "issubclass(kind, Uniform)",
        "type(patch) is Gaussian",
        "type(patch) in (Gaussian, Uniform)",
        "patch.__class__ != nc.Gaussian",
        "{Gaussian: 1, Uniform: 2}[type(patch)]",
        "match patch:\n    case Gaussian():\n        pass",
    ],
)
def test_questions_for_the_class_of_a_patch_are_seen(tmp_path, question):
    assert house.patch_questions(tree(tmp_path, costs__contest=question)) == [
        "costs/contest.py:" + ("2" if "case" in question else "1")
    ]
    assert house.patch_questions(tree(tmp_path / "own", patches=question)) == []


@pytest.mark.parametrize("fine", ["Gaussian(0.1) == patch", "isinstance(patch, Patch)", "patch = patch or Gaussian(0.1)"])
def test_making_or_comparing_a_patch_is_no_question(tmp_path, fine):
    assert house.patch_questions(tree(tmp_path, costs__contest=fine)) == []


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("import numpy as np\nfrom numba import njit\nimport math\nfrom nearclifford.arrays import Floats", 0),
        ("from nearclifford.kernels.bits import parity\nfrom ..bits import parity", 0),
        ("import qiskit", 1),
        ("from stim import Tableau", 1),
        ("def late():\n    from nearclifford.patches import Patch", 1),
        ("from nearclifford import errors", 1),
        ("from ...errors import NearCliffordError", 1),
    ],
)
def test_leaks_of_the_kernel_wall_are_seen(tmp_path, text, leaks):
    assert len(house.kernel_leaks(tree(tmp_path, kernels__chain__hits=text))) == leaks
    assert house.kernel_leaks(tree(tmp_path / "other", exact__hits=text)) == []


def test_imports_of_libraries_are_seen(tmp_path):
    sources = tree(
        tmp_path, exact__cpu="def f():\n    from qiskit.circuit import Gate\nimport numpy", ansatz="import qiskit"
    )
    assert house.imports_from(sources, {"exact"}, {"qiskit", "stim"}) == ["exact/cpu.py:2 imports qiskit.circuit.Gate"]
    assert house.imports_from(sources, {"kernels"}, {"qiskit", "stim"}) == []


def test_public_names_are_those_that_python_shows(tmp_path):
    tree(tmp_path, face="", errors="")
    (tmp_path / "nearclifford" / "__init__.py").write_text("from . import errors\n_hidden = seen = 1", encoding="utf-8")
    assert house.public_names(tmp_path) == ["errors", "seen"]


def test_the_table_of_two_trees(capsys, monkeypatch, tmp_path):
    (before, after) = folders = tmp_path / "before", tmp_path / "after"
    tree(before, attic="import nearclifford.memory", memory="def f(a, b, c, d, e, f, g, h, i):\n    return a\n")
    tree(after, exact__cpu="import nearclifford.memory", memory="import nearclifford.exact.cpu\ndef f():\n    pass\n")
    for folder in folders:
        (folder / "nearclifford" / "__init__.py").write_text("x = y = 1", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(before), str(after), "--where"])
    house.main()
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head == f"| | {before} | {after} |"
    cells = {row.split(" | ")[0][2:]: row.strip("| ").split(" | ")[1:] for row in lines if row.startswith("|")}
    assert cells["files at the top of the package"] == ["3", "2"]
    assert cells["public names of dir()"] == ["2", "2"]
    assert cells["arrows between rooms"] == ["1", "2"]
    assert cells["arrows upward"] == ["not judged, rooms without a floor: 1", "1"]
    assert cells["circles between rooms"] == ["0", "1"]
    assert cells["functions with more than 8 parameters"] == ["1", "0"]
    assert cells["lines a function, median / p90 / max"] == ["2 / 2 / 2", "2 / 2 / 2"]
    assert "  arrows upward: memory.py:1 imports exact/cpu.py (import)" in lines
    assert "  attic -> memory (1)" in lines
