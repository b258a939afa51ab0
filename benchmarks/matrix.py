"""The oldest and the newest versions of what the package depends on, by Python: one environment each, and some tests.

    python benchmarks/matrix.py FOLDER [--pythons python3.11 python3.13] [--bounds oldest newest] [--tests test_cli.py ...]

"oldest" are the lower bounds of pyproject.toml to the letter, those of ``[test]`` too; they are tried with the first Python
alone, since newer ones have no wheels of them. "newest" is what the index gives. Prints the table of docs/stability.md.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from wheel import ROOT, environment, fresh, run

TESTS = (
    *("test_contracts.py", "test_ansatz.py", "test_compiler.py", "test_circuit_files.py", "test_shots.py"),
    *("test_plots.py", "test_public_face.py"),
)
SHOWN = ("qiskit", "qiskit-aer", "stim", "numpy", "scipy", "numba", "pandas", "matplotlib")
BOUND = re.compile(r"([\w.-]+)(?:\[\w+\])?>=([\w.]+)")


def oldest() -> list[str]:
    """Return the lower bound of every dependency, and of those of the tests, as constraints of pip."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [BOUND.fullmatch(text) for text in [*project["dependencies"], *project["optional-dependencies"]["test"]]]
    if not all(found):
        sys.exit("A dependency of pyproject.toml has another form than name>=version.")
    return [f"{one[1]}=={one[2]}" for one in found if one]


def pythons() -> list[str]:
    """Return the interpreters on the path that run, oldest first."""
    known = [name for name in (f"python3.{minor}" for minor in range(11, 20)) if shutil.which(name)]
    return [name for name in known if not subprocess.run([name, "--version"], capture_output=True).returncode]


def versions(python: Path) -> dict[str, str]:
    """Return the versions of all packages in an environment."""
    listed = json.loads(run(python, "-m", "pip", "list", "--format=json", cwd=ROOT).splitlines()[0])
    return {one["name"].lower(): one["version"] for one in listed}


def tested(python: Path, tests: list[str], cwd: Path) -> str:
    """Return what pytest says at its end: how many passed, failed and were skipped. What failed is printed."""
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    files = [str(ROOT / "tests" / name) for name in tests]
    done = subprocess.run([*command, *files], cwd=cwd, env=environment(), capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-2000:], file=sys.stderr)
    return re.sub(r" in .*", "", done.stdout.strip().splitlines()[-1].strip("= "))


def row(python: str, bounds: str, folder: Path, tests: list[str]) -> str:
    """Return the row of an environment, made anew in a folder of its own."""
    [_, version] = run(python, "--version", cwd=folder).split()
    place = folder / f"{version}-{bounds}"
    place.mkdir(parents=True, exist_ok=True)
    inside = fresh(python, place / "environment")
    (place / "constraints.txt").write_text("\n".join(oldest() if bounds == "oldest" else []))
    [wheel] = folder.glob("nearclifford-*.whl")
    run(inside, "-m", "pip", "install", "--quiet", "-c", place / "constraints.txt", f"{wheel}[test]", cwd=place)
    run(inside, "-m", "pip", "check", cwd=place)
    found = versions(inside)
    cells = [version, bounds, *(found[name] for name in SHOWN), tested(inside, tests, place)]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the environments go")
    parser.add_argument("--pythons", nargs="+", default=pythons(), help="interpreters, oldest first")
    parser.add_argument("--bounds", nargs="+", choices=("oldest", "newest"), default=("oldest", "newest"))
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="files of tests/")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("nearclifford-*.whl"):
        old.unlink()
    run(options.pythons[0], "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT, cwd=folder)
    pairs = [(options.pythons[0], "oldest")] if "oldest" in options.bounds else []
    pairs += [(python, "newest") for python in options.pythons if "newest" in options.bounds]
    rows = [row(python, bounds, folder, options.tests) for python, bounds in pairs]
    head = ["Python", "bounds", *SHOWN, "tests"]
    print("\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows]))
    if any("failed" in one or "error" in one for one in rows):
        sys.exit("Something failed.")


if __name__ == "__main__":
    main()
