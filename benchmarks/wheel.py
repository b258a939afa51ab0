"""What a stranger installs: build wheel and source distribution, look into both, run the wheel in an empty environment.

    python benchmarks/wheel.py FOLDER [--python python3.12] [--tests test_cli.py ...]

FOLDER gets ``dist``, an environment with the tools, one with ``dist/*.whl[test]`` and nothing else, and the unpacked source
distribution, whose tests run against the wheel. Fails on a warning of the build, on a file that is missing in either or
should not be there, on metadata that `twine` refuses, and where anything is imported from elsewhere.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
# cheap ones; the first four lines are what reads the tree, the page of a test, or files of the package
TESTS = (
    *("test_architecture.py", "test_public_face.py", "test_readme.py", "test_contributing.py"),
    *("test_any_gate.py", "test_conformity.py", "test_published_training.py", "test_mutated_files.py"),
    *("test_surrogate_files.py", "test_foreign_circuits.py", "test_wrong_arguments.py", "test_notebooks.py"),
    *("test_docs.py", "test_concurrency.py"),
    *("test_cli.py", "test_circuit_files.py", "test_contracts.py", "test_plots.py", "test_shown.py", "test_patches.py"),
)
WHERE = "import nearclifford, sys; print(nearclifford.__version__); sys.exit(sys.prefix not in nearclifford.__file__)"
METADATA = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "top_level.txt")


def environment() -> dict[str, str]:
    """Return an environment that leads to no package: where commands and files are, and how pip reaches its index."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {name: text for name, text in os.environ.items() if name.startswith("PIP_")}


def run(*command: object, cwd: Path) -> str:
    """Run a command in such an environment and return what it printed; say so and stop where it fails."""
    started = time.perf_counter()
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"{done.stdout}\n{' '.join(words)} ended with {done.returncode}")
    print(f"{time.perf_counter() - started:6.1f} s  {' '.join([Path(words[0]).name, *words[1:]])[:100]}", flush=True)
    return done.stdout


def fresh(python: str, folder: Path) -> Path:
    """Return the Python of a new, empty virtual environment."""
    run(python, "-m", "venv", "--clear", folder, cwd=folder.parent)
    return folder / "bin" / "python"


def build(python: str, folder: Path) -> tuple[Path, Path]:
    """Return the wheel and the source distribution, built from this tree without a warning."""
    tools = fresh(python, folder / "tools")
    run(tools, "-m", "pip", "install", "--quiet", "build", "twine", cwd=folder)
    for old in (folder / "dist").glob("nearclifford-*"):
        old.unlink()
    said = run(tools, "-m", "build", "--outdir", folder / "dist", ROOT, cwd=folder)
    # pip's remarks on its index and a clone without its history are no faults of the package
    warnings = [line for line in said.splitlines() if re.search("warn", line, re.IGNORECASE)]
    if warnings := [line for line in warnings if not re.search(r"shallow|^WARNING: |pre_parse", line.strip("* "))]:
        sys.exit("The build warns:\n" + "\n".join(warnings))
    [wheel], [source] = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
    run(tools, "-m", "twine", "check", "--strict", wheel, source, cwd=folder)
    return wheel, source


def tracked() -> set[str]:
    """Return the files of this tree that git knows."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(listed.stdout.split("\n")) - {""}


def compare(name: str, found: Iterable[str], expected: set[str]) -> None:
    """Stop where an archive holds other files than expected."""
    if odd := sorted(expected.symmetric_difference(found)):
        sys.exit(f"{name} lacks, or should not hold: {', '.join(odd)}")
    print(f"          {name}: {len(expected)} files, those expected")


def look_into(wheel: Path, source: Path) -> None:
    """Compare what the two archives hold with the files that git knows."""
    known = tracked()
    inside = {name.removeprefix("src/") for name in known if name.startswith("src/")}
    metadata = {f"{'-'.join(wheel.name.split('-')[:2])}.dist-info/{name}" for name in METADATA}
    compare(wheel.name, zipfile.ZipFile(wheel).namelist(), inside | metadata)
    with tarfile.open(source) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    made = {name for name in names if name.startswith("src/nearclifford.egg-info/")} | {"PKG-INFO", "setup.cfg"}
    compare(source.name, names, {name for name in known if not name.startswith(".ci/")} | made)


def unpacked(source: Path, folder: Path) -> Path:
    """Return the tree of a source distribution."""
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    return folder / source.name.removesuffix(".tar.gz")


def try_out(python: Path, wheel: Path, folder: Path) -> None:
    """Install the wheel with its tests' needs, see where it is imported from, and run the quick study."""
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[test]", cwd=folder)
    run(python, "-m", "pip", "check", cwd=folder)
    print(f"          nearclifford {run(python, '-c', WHERE, cwd=folder).strip()}")
    run(python.with_name("nearclifford"), "study", "--preset", "quick", "--out", folder / "quick", cwd=folder)
    drawn = sorted(path.name for path in (folder / "quick").rglob("*.png"))
    if not drawn:
        sys.exit(f"The quick study left no figure in {folder / 'quick'}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where everything goes")
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the environments")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="files of tests/ to run against the wheel; may be none")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wheel, source = build(options.python, folder)
    look_into(wheel, source)
    python = fresh(options.python, folder / "empty")
    try_out(python, wheel, folder)
    tree = unpacked(source, folder)
    for name in options.tests:
        said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", tree / "tests" / name, cwd=tree)
        print(f"          {said.strip().splitlines()[-1].strip('= ')}", flush=True)
    print("The wheel works." if options.tests else "The wheel installs and runs.")


if __name__ == "__main__":
    main()
