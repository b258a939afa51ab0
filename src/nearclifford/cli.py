"""The command ``nearclifford``: studies, the encoder, gradient statistics and simulation costs for circuits in files."""

from __future__ import annotations

import argparse
import math
import os
import re
import shlex
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arguments import integer
from nearclifford.costs.compare import simulation_cost
from nearclifford.devices.aer import Aer
from nearclifford.encoder.encode import encode
from nearclifford.errors import CircuitError, NearCliffordError, ObservableError
from nearclifford.interchange.circuit_files import output_path, read_circuit, write_circuit
from nearclifford.interchange.parameter_names import identifier
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.statistics.backend import Backend
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.statevector import Statevector
from nearclifford.statistics.verbs import Samples, gradient_statistics
from nearclifford.studies import Study
from nearclifford.version import __version__

INTERRUPTED = 130
LEVEL = 0.95

# What --backend can name.
BACKENDS: dict[str, Callable[[], Backend]] = {"statevector": Statevector, "stabilizer": Stabilizer, "aer": Aer}

# Options whose value may begin with a minus.
SIGNED = ("--observable", "--sigma", "--tolerance", "--max-seconds")

CIRCUIT_HELP = "circuit with free parameters: OpenQASM 3 (.qasm, 'input float theta;') or Qiskit's .qpy"
SAMPLES_HELP = "number of thetas, or of Clifford circuits for each component, or 'auto' (default: 1000)"
OBSERVABLE_HELP = "Pauli strings, the rightmost letter qubit 0: ZZII, or '0.5*ZZII - XIXI'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 2 after an error that was told in one line, or 130 after Ctrl-C."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            options = _parser().parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
            status = int(options.run(options))
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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    study = commands.add_parser("study", help="run or resume a study; make its table and figures")
    what = study.add_mutually_exclusive_group(required=True)
    what.add_argument("spec", nargs="?", metavar="SPEC.toml", help="a study of your own")
    what.add_argument("--preset", nargs="?", const="", metavar="NAME", help="a study of the package; without a name: which")
    what.add_argument("--list", dest="preset", action="store_const", const="", help="list the presets")
    study.add_argument("--out", type=Path, metavar="DIR", help="directory of the results (default: runs/NAME)")
    study.add_argument("--workers", type=int, help="worker processes, 1 for none beside this one (default: one per core)")
    study.set_defaults(run=_study)

    encoder = commands.add_parser("encode", help="put the Linear Clifford Encoder around a circuit")
    _add_circuit(encoder)
    encoder.add_argument("--parameter", required=True, help="index in circuit.parameters, or name")
    encoder.add_argument("--term", type=int, default=0, help="index of the observable's term (default: 0)")
    encoder.add_argument("--style", choices=("compact", "paper"), default="compact")
    encoder.add_argument("-o", "--output", type=Path, required=True, help="encoded circuit, .qasm (OpenQASM 3) or .qpy")
    encoder.set_defaults(run=_encode)

    variance = commands.add_parser("variance", help="mean, second moment and variance of every gradient component")
    _add_circuit(variance)
    variance.add_argument("--sigma", type=float, required=True, help="standard deviation of the patch around 0, radians")
    variance.add_argument("--backend", choices=tuple(BACKENDS), default="statevector", help="default: statevector")
    variance.add_argument("--shots", type=int, help="shots of each circuit, with --backend aer (default: none, exact)")
    variance.add_argument("--samples", type=read_samples, default=1000, help=SAMPLES_HELP)
    variance.add_argument("--seed", type=int, default=0, help="seed of the samples (default: 0)")
    variance.set_defaults(run=_variance)

    cost = commands.add_parser("cost", help="what each classical method needs to simulate the loss near the centre")
    _add_circuit(cost)
    cost.add_argument("--sigma", type=float, required=True, help="standard deviation of the patch around 0, radians")
    cost.add_argument("--tolerance", type=float, required=True, help="error of the loss to reach, in its units")
    cost.add_argument("--max-seconds", type=float, default=10.0, help="budget of each measurement (default: 10)")
    cost.add_argument("--seed", type=int, default=0, help="seed of the thetas and of the error curve (default: 0)")
    cost.set_defaults(run=_cost)
    return parser


def _add_circuit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("circuit", type=Path, help=CIRCUIT_HELP)
    parser.add_argument("--observable", required=True, help=OBSERVABLE_HELP)


def _study(options: argparse.Namespace) -> int:
    if options.preset == "":
        width = max(map(len, Study.presets()))
        for name, title in Study.presets().items():
            print(f"{name:{width}s}  {title}")
        return 0
    study = Study.from_toml(options.spec) if options.preset is None else Study.preset(options.preset)
    name = options.preset or Path(options.spec).stem
    out = options.out or Path("runs") / name
    source = ["--preset", options.preset] if options.preset else [options.spec]
    command = shlex.join(["nearclifford", "study", *source, "--out", str(out)])
    try:
        results = study.run(out, workers=options.workers)
        figures = results.save_figures(out, f"{command}   (nearclifford {__version__}, seed {study.spec.seed})")
        print(results.report)
        print("\nWritten:", *results.files, *figures, sep="\n  ")
    except KeyboardInterrupt:
        total = len(study.points)
        print(
            f"\nStopped with {total - study.remaining(out)} of {total} points in {out}. To go on:\n  {command}",
            file=sys.stderr,
        )
        return INTERRUPTED
    return 0


def _encode(options: argparse.Namespace) -> int:
    output = output_path(options.output)
    circuit = read_circuit(options.circuit)
    index = parameter_index(circuit, options.parameter)
    encoding = encode(circuit, read_observable(options.observable), index, options.term, style=options.style)
    write_circuit(encoding.circuit, output)
    name = circuit.parameters[index].name
    print(
        f"{output}: parameter {index} ({name}), style {encoding.style}; at θ = 0 the loss is {encoding.loss:g}, "
        f"∂L/∂{name} is {encoding.gradient[index]:g} and ‖∇L‖ is {encoding.gradient_norm:.6g}; "
        f"{encoding.added_two_qubit_gates} two-qubit gates and a depth of {encoding.added_depth} were added."
    )
    return 0


def _variance(options: argparse.Namespace) -> int:
    land = Landscape(read_circuit(options.circuit), read_observable(options.observable))
    backend = BACKENDS[options.backend]() if options.shots is None else _with_shots(options.backend, options.shots)
    found = gradient_statistics(land, Gaussian(options.sigma), backend, options.samples, rng=_seed(options))
    names = ("mean", "mean_error", "second_moment", "second_moment_error", "variance", "variance_error")
    table = pd.DataFrame({"parameter": [parameter.name for parameter in land.circuit.parameters]})
    table = table.assign(**{name: getattr(found, name) for name in names})
    table["low"], table["high"] = found.interval(LEVEL).T
    print(table.to_string(float_format="{:.4e}".format))
    norms = (("E‖∇L‖ ", found.norm, found.norm_error), ("E‖∇L‖²", found.norm_squared, found.norm_squared_error))
    known = [f"{name} = {norm:.6g} ± {error:.2g}" for name, norm, error in norms if norm is not None]
    print(
        "",
        *known,
        f"{found.samples} samples, σ = {options.sigma:g}, seed {options.seed}, {found.method}; errors are standard "
        f"errors, from low to high goes the {LEVEL:.0%} interval of the second moment.",
        sep="\n",
    )
    return 0


def _seed(options: argparse.Namespace) -> int:
    return integer(options.seed, "--seed", 0, most=2**256)


def _with_shots(backend: str, shots: int) -> Aer:
    if backend != "aer":
        raise NearCliffordError(f"--shots is {shots}, but --backend {backend} takes none; expected --backend aer.")
    return Aer(shots=shots)


def _cost(options: argparse.Namespace) -> int:
    land = Landscape(read_circuit(options.circuit), read_observable(options.observable))
    patch = Gaussian(options.sigma)
    print(simulation_cost(land, patch, options.tolerance, max_seconds=options.max_seconds, rng=_seed(options)))
    return 0


def read_observable(text: str) -> SparsePauliOp:
    """Return a sum of Pauli strings, each with a factor if it has one.

    >>> read_observable("0.5*ZZ - XI").to_list()
    [('ZZ', (0.5+0j)), ('XI', (-1+0j))]
    """
    term = r"([+-]?)(?:(\d*\.?\d+(?:[eE][+-]?\d+)?)\*)?([IXYZ]+)"
    compact = "".join(text.split())
    if not re.fullmatch(f"{term}(?:(?=[+-]){term})*", compact):
        raise ObservableError(f"--observable is {text!r}; expected Pauli strings such as ZZII, or '0.5*ZZII - XIXI'.")
    found = re.findall(term, compact)
    if len({len(label) for _, _, label in found}) > 1:
        raise ObservableError(
            f"--observable is {text!r}, whose strings differ in length; expected one letter for each qubit."
        )
    factors = [float(f"{sign}{size or 1}") for sign, size, _ in found]
    if not all(map(math.isfinite, factors)):
        raise ObservableError(f"--observable is {text!r}; expected factors below 1e308.")
    return SparsePauliOp([label for _, _, label in found], factors)


def read_samples(text: str) -> Samples:
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


def parameter_index(circuit: QuantumCircuit, given: str) -> int:
    """Return the index in ``circuit.parameters`` of a parameter given by index, name, or spelling in OpenQASM 3."""
    names = [parameter.name for parameter in circuit.parameters]
    for spelled in (names, [identifier(name) for name in names]):
        if spelled.count(given) == 1:
            return spelled.index(given)
    if not names:
        raise CircuitError(
            f"--parameter is {given!r}, but the circuit has no parameters; expected 'input float theta;' in it."
        )
    if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) < len(names)):
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise CircuitError(f"--parameter is {given!r}; expected an index from 0 to {len(names) - 1}, or one of {shown}.")
    return int(given)
