"""The command ``nearclifford``: studies, the encoder, statistics, costs and diagnoses of circuits in files."""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NoReturn

from nearclifford.commands import INTERRUPTED
from nearclifford.commands.backends import BACKENDS
from nearclifford.errors import NearCliffordError
from nearclifford.version import __version__

# Options whose value may begin with a minus.
SIGNED = ("--observable", "--sigma", "--tolerance", "--max-seconds")

CIRCUIT_HELP = "circuit with free parameters: OpenQASM 3 (.qasm, 'input float theta;') or Qiskit's .qpy"
DEVICE_HELP = "CPU or GPU, with --backend statevector or aer; aer takes auto too (default: the backend's own)"
SAMPLES_HELP = "number of thetas, or of Clifford circuits for each component, or 'auto' (default)"
OBSERVABLE_HELP = "Pauli strings, the rightmost letter qubit 0: ZZII, or '0.5*ZZII - XIXI'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 2 after an error that was told in one line, or 130 after Ctrl-C."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            options = _parser().parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
            # each command imports what it needs, and no other does
            status = int(import_module(f"nearclifford.commands.{options.command}").run(options))
        sys.stdout.flush()
        return status
    except NearCliffordError as error:
        print(f"nearclifford: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _discard_output()  # `nearclifford ... | head`: who reads has enough
        return 0
    except OSError as error:
        _discard_output()
        print(f"nearclifford: {error.filename or 'standard output'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nnearclifford: stopped by Ctrl-C.", file=sys.stderr)
        return INTERRUPTED


def _discard_output() -> None:
    """Let standard output go nowhere, or Python would try once more, and complain, when it closes the stream."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_warning(message: Warning | str, *_: Any) -> None:
    """Print a warning as one line, without the place in the source that raised it."""
    print(f"nearclifford: warning: {' '.join(str(message).split())}", file=sys.stderr)


def _joined(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with values that begin with a minus joined to their option; argparse would take them for options.

    >>> _joined(["--observable", "-ZZ", "--sigma", "1"])
    ['--observable=-ZZ', '--sigma', '1']
    """
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in SIGNED and re.match(r"-[^-]", argument):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="nearclifford", description="Parametrized quantum circuits near Clifford points.")
    parser.add_argument("--version", action="version", version=f"nearclifford {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    study = commands.add_parser("study", help="run or resume a study; make its table and figures")
    what = study.add_mutually_exclusive_group(required=True)
    what.add_argument("spec", nargs="?", metavar="SPEC.toml", help="a study of your own")
    what.add_argument("--preset", nargs="?", const="", metavar="NAME", help="a study of the package; without a name: which")
    what.add_argument("--list", dest="preset", action="store_const", const="", help="list the presets")
    study.add_argument("--out", type=Path, metavar="DIR", help="directory of the results (default: runs/NAME)")
    study.add_argument("--workers", type=int, help="worker processes (default: one per core); 1 measures in this process")
    study.add_argument("--dask", metavar="ADDRESS", help="measure on a Dask cluster: tcp://host:8786, its file, or 'local'")
    study.add_argument("--shard", metavar="K/M", help="measure part K of M alone, for arrays of jobs; then merge")
    study.add_argument("--retry-failed", action="store_true", help="measure points again that ended in an error")
    study.add_argument("--dump", action="store_true", help="print the study's file, to be edited, and run nothing")
    study.add_argument("--dry-run", action="store_true", help="print points, predicted seconds and memory, and run nothing")

    status = commands.add_parser("status", help="how far a study is, and whether it runs")
    status.add_argument("directory", type=Path, metavar="DIR", help="directory of the results")
    status.add_argument("--json", action="store_true", help="print everything as JSON")

    merge = commands.add_parser("merge", help="join the results of several directories, such as shards")
    merge.add_argument("sources", type=Path, nargs="+", metavar="DIR", help="directories of results; they stay as they are")
    merge.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="directory of the whole")

    report = commands.add_parser("report", help="one HTML page of a study: tables, figures, how to repeat it")
    report.add_argument("directory", type=Path, metavar="DIR", help="directory of the results")
    report.add_argument("-o", "--output", type=Path, metavar="FILE", help="the page (default: DIR/report.html)")

    encoder = commands.add_parser("encode", help="put the Linear Clifford Encoder around a circuit")
    _add_circuit(encoder)
    encoder.add_argument("--parameter", required=True, help="index in circuit.parameters, or name")
    encoder.add_argument("--term", type=int, default=0, help="index of the observable's term (default: 0)")
    encoder.add_argument("--style", choices=("compact", "paper"), default="compact")
    encoder.add_argument("-o", "--output", type=Path, required=True, help="encoded circuit, .qasm (OpenQASM 3) or .qpy")

    variance = commands.add_parser("variance", help="mean, second moment and variance of every gradient component")
    _add_circuit(variance)
    variance.add_argument("--sigma", type=float, required=True, help="standard deviation of the patch around 0, radians")
    variance.add_argument("--backend", choices=tuple(BACKENDS), default="auto", help="default: auto, which tells its choice")
    variance.add_argument("--device", help=DEVICE_HELP)
    variance.add_argument("--shots", type=int, help="shots of each circuit, with --backend aer (default: none, exact)")
    variance.add_argument("--samples", type=read_samples, default="auto", help=SAMPLES_HELP)
    variance.add_argument("--seed", type=int, default=0, help="seed of the samples (default: 0)")

    cost = commands.add_parser("cost", help="what each classical method needs to simulate the loss near the centre")
    _add_circuit(cost)
    cost.add_argument("--sigma", type=float, required=True, help="standard deviation of the patch around 0, radians")
    cost.add_argument("--tolerance", type=float, required=True, help="error of the loss to reach, in its units")
    cost.add_argument("--max-seconds", type=float, default=10.0, help="budget of each measurement (default: 10)")
    cost.add_argument("--seed", type=int, default=0, help="seed of the thetas and of the error curve (default: 0)")

    diagnosis = commands.add_parser("diagnose", help="does it train near a Clifford point, what simulates it, what helps")
    _add_circuit(diagnosis)
    diagnosis.add_argument("--shots", type=int, default=10**6, help="shots of each circuit (default: 1000000)")
    diagnosis.add_argument("--max-seconds", type=float, default=30.0, help="time for all regions (default: 30)")
    diagnosis.add_argument("--seed", type=int, default=0, help="seed of the samples (default: 0)")
    for command in (encoder, variance, cost, diagnosis):
        form = command.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print everything as JSON")
        form.add_argument("--csv", action="store_true", help="print the table as CSV")
    return parser


def _add_circuit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("circuit", type=Path, help=CIRCUIT_HELP)
    parser.add_argument("--observable", required=True, help=OBSERVABLE_HELP)


def read_samples(text: str) -> int | Literal["auto"]:
    """Return a number of samples, or "auto".

    >>> read_samples("500"), read_samples("auto")
    (500, 'auto')
    """
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a number, or 'auto'") from None
