"""What a user sees of the package: its names, how its functions are called, what an import costs."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qiskit import qpy

import nearclifford as nc

HEAVY = ("numpy", "scipy", "stim", "qiskit", "numba", "pandas", "matplotlib", "qiskit_aer", "tqdm", "mpmath", "psutil")
# What only one corner of the package needs.
CORNERS = ("pandas", "matplotlib", "qiskit_aer", "tqdm", "mpmath", "psutil", "scipy.optimize")


def imports_for_type_checkers() -> dict[str, str]:
    """The module of every name that `__init__` imports under TYPE_CHECKING."""
    tree = ast.parse(Path(nc.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    found = {}
    for statement in block.body:
        assert isinstance(statement, ast.ImportFrom)
        for name in statement.names:
            path = f"{statement.module}.{name.name}" if name.name in nc._WHOLE else statement.module
            found[name.name] = path.removeprefix("nearclifford.")
    return found


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function that a user may call, with its name: functions, classes, their methods, ansätze, observables."""
    for name in nc.__all__:
        value = getattr(nc, name)
        if inspect.isclass(value):
            yield name, value
            for method, function in inspect.getmembers(value, callable):
                if not method.startswith("_") and "nearclifford" in (getattr(function, "__module__", None) or ""):
                    yield f"{name}.{method}", function
        elif inspect.isfunction(value):
            yield name, value
        elif inspect.ismodule(value):
            for inner, function in inspect.getmembers(value, inspect.isfunction):
                if not inner.startswith("_") and function.__module__ == value.__name__:
                    yield f"{name}.{inner}", function


FUNCTIONS = dict(public_functions())


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    if inspect.isclass(function) and issubclass(function, Exception):
        return {}
    return dict(inspect.signature(function).parameters)


def takes(function: Callable[..., Any], argument: str) -> bool:
    return argument in parameters_of(function)


def test_the_three_lists_of_names_agree() -> None:
    assert imports_for_type_checkers() == nc._MODULES
    assert sorted(nc._MODULES) == nc.__all__


def test_every_name_is_there_and_comes_from_where_it_says() -> None:
    for name, module in nc._MODULES.items():
        value = getattr(nc, name)
        home = value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", f"nearclifford.{module}")
        assert home == f"nearclifford.{module}", name
        assert value is getattr(nc, name)


def test_dir_shows_the_public_names_alone() -> None:
    import nearclifford.encoder
    import nearclifford.statistics

    assert dir(nc) == nc.__all__
    assert [name for name in dir(nc) if inspect.ismodule(getattr(nc, name))] == ["ansatz", "experiments", "observables"]
    assert nc.statistics is nearclifford.statistics


def test_other_names_are_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'nearclifford' has no attribute 'Landscapes'"):
        nc.Landscapes  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Landscapes' from 'nearclifford'"):
        exec("from nearclifford import Landscapes")
    everything: dict[str, object] = {}
    exec("from nearclifford import *", everything)
    assert set(nc.__all__) <= set(everything)


def loaded_by(code: str, names: tuple[str, ...], *arguments: str) -> set[str]:
    """Which of these modules a fresh process has loaded once it has run the code."""
    code += f"\nprint('loaded:', *(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}", *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import nearclifford", HEAVY),
        ("import nearclifford as nc; dir(nc); nc.NearCliffordError, nc.__version__", HEAVY),
        ("from nearclifford.cli import main\ntry: main(['--version'])\nexcept SystemExit: pass", HEAVY),
        ("import nearclifford as nc; nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))", CORNERS),
        ("import nearclifford as nc; nc.encode, nc.search_encoder, nc.Gaussian", CORNERS),
    ],
)
def test_what_is_not_asked_for_is_not_loaded(code: str, names: tuple[str, ...]) -> None:
    assert loaded_by(code, names) == set()


def test_a_command_loads_what_it_needs(tmp_path: Path) -> None:
    with (tmp_path / "circuit.qpy").open("wb") as stream:
        qpy.dump(nc.ansatz.mhea(2, 1), stream)
    code = "from nearclifford.cli import main\nmain(sys.argv[1:])"
    circuit = [str(tmp_path / "circuit.qpy"), "--observable", "ZZ"]
    encoded = ["--parameter", "1", "-o", str(tmp_path / "encoded.qpy")]
    assert loaded_by(code, CORNERS, "encode", *circuit, *encoded) == set()


def test_an_extra_that_an_error_names_exists() -> None:
    package = Path(nc.__file__).parent
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    named = {
        extra for path in package.rglob("*.py") for extra in re.findall(r"nearclifford\[(\w+)\]", path.read_text("utf-8"))
    }
    assert named and named <= set(project["project"]["optional-dependencies"])


def test_random_draws_are_asked_for_by_keyword() -> None:
    kinds = {name: parameters_of(function)["rng"].kind for name, function in FUNCTIONS.items() if takes(function, "rng")}
    assert {"ansatz.random_pqc", "observables.random_pauli", "surrogate_error_curve", "Gaussian.sample"} < set(kinds)
    assert {name for name, kind in kinds.items() if kind is not inspect.Parameter.KEYWORD_ONLY} == set()


def test_no_parameters_means_all_of_them_and_one_parameter_is_always_named() -> None:
    for name, function in FUNCTIONS.items():
        if takes(function, "parameter"):
            assert parameters_of(function)["parameter"].default is inspect.Parameter.empty, name
    for name in ("gradient_statistics", "search_encoder"):
        assert parameters_of(FUNCTIONS[name])["parameters"].default is None


def test_everything_is_documented_and_verbs_and_classes_have_an_example() -> None:
    for name, function in FUNCTIONS.items():
        assert inspect.getdoc(function), name
        if name in nc.__all__ or name.startswith(("ansatz.", "observables.")):
            assert ">>>" in (inspect.getdoc(function) or ""), name
