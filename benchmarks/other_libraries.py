"""Run the tests of the doors to other libraries, and the examples of docs/doors.md, in an environment of their own.

The suite's environment has none of these libraries, and skips those tests. Run: python benchmarks/other_libraries.py FOLDER
makes a virtual environment in FOLDER, unless there is one, installs benchmarks/requirements-foreign.txt and the package into
it (PyTorch and JAX are a few gigabytes), and runs the tests there. An environment that has them is used as it is:
python benchmarks/other_libraries.py --python /path/to/python
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ("test_pennylane.py", "test_cirq.py", "test_tensor_libraries.py", "test_estimator_doors.py", "test_qasm_doors.py")
EXAMPLE = re.compile(r"^```py\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def environment(folder: Path) -> Path:
    """Return the Python of an environment with everything installed."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        requirements = ["-r", str(ROOT / "benchmarks" / "requirements-foreign.txt"), "pytest>=8.2"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements, str(ROOT)], check=True)
    return python


def examples() -> str:
    """Return the blocks of docs/doors.md that need other libraries, as one program."""
    return "\n".join(EXAMPLE.findall((ROOT / "docs" / "doors.md").read_text(encoding="utf-8")))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".foreign"), help="where the environment is, or goes")
    parser.add_argument("--python", type=Path, help="an environment that has the libraries")
    options = parser.parse_args()
    python = options.python or environment(options.folder)
    settings = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    tests = [str(ROOT / "tests" / name) for name in TESTS]
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", *tests]
    failed = subprocess.run(command, cwd=ROOT, env=settings).returncode
    failed |= subprocess.run([python, "-c", examples()], cwd=ROOT, env=settings).returncode
    print("The examples of docs/doors.md ran." if not failed else "Something failed.")
    return failed


if __name__ == "__main__":
    sys.exit(main())
