"""The environments of the contenders: one folder each, made on first use; what does not install is kept with its reason."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1]
OWN = ("nearclifford", "qiskit", "qiskit-aer", "stim", "numba", "numpy")
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


class Environments:
    """Python environments below a folder, by name; ``"own"`` is the one that runs this, with the package in it.

    ``NAME`` has what ``benchmarks/requirements-NAME.txt`` lists, each line installed by itself so that one that fails leaves
    the others. ``given`` names folders that exist already.
    """

    def __init__(self, folder: Path, given: dict[str, Path] | None = None, left_out: dict[str, str] | None = None) -> None:
        self.folder, self.given, self.left_out = folder, given or {}, left_out or {}
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        self.logs = 0

    def python(self, name: str) -> Path | None:
        """Return the interpreter of an environment, made now if need be; None if nothing of it can be had."""
        if name == "own":
            return Path(sys.executable)
        if name in self.left_out:
            return None
        if not self._stamp(name).exists():
            self._make(name)
        return self._inside(name) if self._failed(name).keys() < set(self.wanted(name)) else None

    def why(self, name: str) -> str:
        """Return why there is no such environment, for the row of a table."""
        if name in self.left_out:
            return self.left_out[name]
        return "not installed: " + "; ".join(f"{what}: {told}" for what, told in self._failed(name).items())

    def wanted(self, name: str) -> list[str]:
        """Return the requirements of an environment."""
        text = (BENCHMARKS / f"requirements-{name}.txt").read_text(encoding="utf-8")
        return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]

    @cache  # noqa: B019, one object a run
    def versions(self, name: str) -> dict[str, str]:
        """Return the versions of what was asked for and is there."""
        if name == "own":
            return {package: version_here(package) for package in OWN}
        if name in self.left_out or not self._stamp(name).exists():
            return {}
        listed = run(self._inside(name), "-m", "pip", "list", "--format=json").stdout
        found = {plain(one["name"]): one["version"] for one in json.loads(listed.splitlines()[0])}
        names = [NAME.match(line)[0] for line in self.wanted(name)]
        return {one: found[plain(one)] for one in names if plain(one) in found}

    def log(self, title: str) -> Path:
        """Return a file for what a process says."""
        self.logs += 1
        return self.folder / "logs" / f"{self.logs:03d}-{re.sub(r'[^a-z0-9-]+', '-', title.lower())}.log"

    def _inside(self, name: str) -> Path:
        return self.given.get(name, self.folder / name) / "bin" / "python"

    def _stamp(self, name: str) -> Path:
        """The file that says that an environment was made from these requirements."""
        return self.folder / f"{name}-{sum(map(hash_of, self.wanted(name))) % 10**8:08d}.json"

    def _failed(self, name: str) -> dict[str, str]:
        return json.loads(self._stamp(name).read_text())

    def _make(self, name: str) -> None:
        failed = {}
        if name not in self.given:
            print(f"environment {name}: {', '.join(self.wanted(name))}", flush=True)
            venv.create(self.folder / name, with_pip=True, symlinks=True)
            for requirement in self.wanted(name):
                done = run(self._inside(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement)
                if done.returncode:
                    said = [line for line in done.stderr.splitlines() if line.strip()] or ["pip failed"]
                    failed[requirement] = next((line for line in said if "ERROR" in line), said[-1])[:160].replace("|", "/")
                    print(f"    {failed[requirement]}", flush=True)
        self._stamp(name).write_text(json.dumps(failed))


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it says."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def hash_of(text: str) -> int:
    """Return a number of a text that is the same in every process."""
    return int.from_bytes(text.encode(), "big") % 99_999_989


def plain(name: str) -> str:
    """Return the name of a package as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version_here(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
