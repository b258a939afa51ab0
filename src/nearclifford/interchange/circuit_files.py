"""Circuits in files: OpenQASM 3 text and Qiskit's QPY, read and written so that the parameters keep names and order."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from types import ModuleType
from typing import Any

from qiskit import QuantumCircuit, qasm3, qpy

from nearclifford.errors import CircuitError
from nearclifford.files import path_of, printable, read_bytes, replacing
from nearclifford.interchange.parameter_names import declared_names, in_order_of, with_names_beside

# 22,000 rotations take 2 MB in either format; the parser of OpenQASM 3 needs some ten seconds for a megabyte.
LARGEST_FILE = 2**26
# The readers make an object for every bit that a file announces, before they look at the rest of it.
MOST_BITS = 10**6

# Its time grows with the square of a nesting or of the operators in a row, and as many as these end in a RecursionError.
DEEPEST = 200
MOST_OPERATORS = 2000
# The importer copies the body of a gate wherever it is used: thirty definitions of two gates each would be 10^9 of them.
MOST_GATES = 10**6

EXPECTED = "a circuit, OpenQASM 3 (.qasm) or Qiskit's QPY (.qpy)"
QPY_MAGIC = b"QISKIT"
# Versions 10 to 12 may hold symengine's objects, and symengine reads pickles, which run whatever code they hold.
PICKLED_QPY, PICKLES = range(10, 13), b"e"


def read_circuit(path: str | Path) -> QuantumCircuit:
    """Return the circuit in a file, OpenQASM 3 or QPY; the content tells which.

    OpenQASM has no brackets in names, so Qiskit writes the parameter ``θ[3]`` as ``_θ_3_`` and reads it under that name,
    which sorts after ``_θ_12_``. Here it is ``θ[3]`` again, and ``circuit.parameters`` has the order in which the file
    declares them. Where no names give that order, a warning shows both.

    Raises
    ------
    CircuitError : a file that cannot be read, is larger than 64 MiB, announces more than a million bits, or holds anything
        but one circuit; the text is one line.

    Examples
    --------
    >>> import tempfile
    >>> from nearclifford import ansatz
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_circuit(ansatz.mhea(6, 0), Path(folder) / "mhea.qasm")
    ...     [angle.name for angle in read_circuit(Path(folder) / "mhea.qasm").parameters][9:]
    ['theta[9]', 'theta[10]', 'theta[11]']
    """
    path = path_of(path, "the circuit's file")
    return circuit_of_bytes(read_bytes(path, EXPECTED, CircuitError, most=LARGEST_FILE), path)


def circuit_of_bytes(data: bytes, path: Path) -> QuantumCircuit:
    """Return the circuit in the content of a file; errors, which name the path, as for `read_circuit`.

    >>> circuit_of_bytes(b"OPENQASM 3.0; qubit[2] q;", Path("two.qasm")).num_qubits
    2
    """
    return _read_qpy(data, path) if data.startswith(QPY_MAGIC) else _read_qasm(data, path)


def write_circuit(circuit: QuantumCircuit, path: str | Path) -> None:
    """Write a circuit to a file, .qasm (OpenQASM 3) or .qpy, as a whole or not at all.

    In OpenQASM 3 a comment keeps the name of a parameter that is no identifier there: ``input float[64] _θ_3_; // θ[3]``.

    Raises `CircuitError` for another suffix and for a circuit that the format cannot hold, `NearCliffordError` for a file
    that cannot be written. A file that is there already stays as it was then.

    >>> import tempfile
    >>> from nearclifford import ansatz
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_circuit(ansatz.mhea(2, 0), Path(folder) / "mhea.qpy")
    ...     read_circuit(Path(folder) / "mhea.qpy").num_parameters
    4
    """
    path = output_path(path)
    with of_qiskit(f"{path}: Qiskit cannot write this circuit as {path.suffix}", _other_suffix(path)):
        data = WRITERS[path.suffix](circuit)
    with replacing(path, "a file for the circuit") as stream:
        stream.write(data)


def output_path(path: str | Path) -> Path:
    """Return the path of a circuit to write; `CircuitError` if it ends in neither .qasm nor .qpy.

    >>> output_path("encoded.txt")
    Traceback (most recent call last):
    ...
    nearclifford.errors.CircuitError: encoded.txt is no name for a circuit; expected one that ends in .qasm or .qpy.
    """
    path = path_of(path, "the circuit's file")
    if path.suffix not in WRITERS:
        raise CircuitError(f"{path} is no name for a circuit; expected one that ends in {' or '.join(WRITERS)}.")
    return path


@contextmanager
def of_qiskit(what: str, remedy: str = "") -> Iterator[None]:
    """Turn whatever Qiskit raises into a `CircuitError` of one line.

    Its readers check little: a file that is not as they expect ends in an error of any class, from IndexError to
    RecursionError, and those in Rust may panic, which is no Exception. Only Ctrl-C and exit pass.
    """
    try:
        yield
    except (CircuitError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise CircuitError(f"{what}: {_one_line(error)}{remedy}.") from error


def _one_line(error: BaseException) -> str:
    """Return what an error says without colours, boxes, places in Qiskit's own source and more than one line."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, struct.error):
        return "it is cut short"
    tokens = (getattr(one, "offendingToken", None) for one in getattr(error.__cause__, "args", ()))
    if token := next(filter(None, tokens), None):
        return f"line {token.line} is wrong at {printable(token.text, 40)!r}"
    text = str(error).replace("\\n", " ").replace("\\x1b", "\x1b")
    text = re.sub(r"\x1b\[[0-9;]*m|[\u2500-\u257f]", "", text)
    if found := re.search(r"Error: (.+?)\s+While parsing field ('\w+')", text, re.DOTALL):
        text = f"{found[1]}, at its field {found[2]}"
    return printable(text).strip('". ') or type(error).__name__


# QPY -------------------------------------------------------------------------------------------------------------


def _read_qpy(data: bytes, path: Path) -> QuantumCircuit:
    with of_qiskit(f"{path} is no circuit that Qiskit can read"):
        _check_header(data, path)
        [held] = qpy.load(io.BytesIO(data))
    if not isinstance(held, QuantumCircuit):
        raise CircuitError(f"{path} holds a {type(held).__name__}; expected a QuantumCircuit.")
    return held


def _check_header(data: bytes, path: Path) -> None:
    """Refuse pickles, all but one circuit, and counts that would fill the memory; struct.error where the file ends before.

    The layout is that of https://quantum.cloud.ibm.com/docs/api/qiskit/qpy: a header, from version 16 on a table of offsets,
    and then circuits whose header begins in the same way since version 2.
    """
    version, n_circuits = struct.unpack_from("!6xB3xQ", data)
    if n_circuits != 1:
        raise CircuitError(
            f"{path} holds {n_circuits or 'no'} circuits; expected one, as qpy.dump(circuit, stream) writes it."
        )
    if version in PICKLED_QPY and data[18:19] == PICKLES:
        raise CircuitError(
            f"{path} is QPY {version} with symengine's expressions, which can hold pickles; load it with qiskit.qpy if you "
            "trust it, and write it anew."
        )
    start = (18 if version < 10 else 19) + (version >= 5)
    if version >= 16:
        (start,) = struct.unpack_from("!Q", data, start)
    start = min(start, len(data)) + (10 if version < 2 else 5)
    n_qubits, n_clbits, _, n_registers, n_instructions = struct.unpack_from("!IIQIQ", data, start)
    if n_qubits + n_clbits > MOST_BITS or n_registers + n_instructions > len(data):
        raise CircuitError(
            f"{path} announces {n_qubits} qubits, {n_clbits} bits, {n_registers} registers and {n_instructions} "
            f"instructions in {len(data)} bytes; the file is damaged, or has more than {MOST_BITS} bits."
        )


def _qpy(circuit: QuantumCircuit) -> bytes:
    stream = io.BytesIO()
    qpy.dump(circuit, stream)
    return stream.getvalue()


# OpenQASM 3 ------------------------------------------------------------------------------------------------------


def _read_qasm(data: bytes, path: Path) -> QuantumCircuit:
    import qiskit_qasm3_import as importer
    from openqasm3 import ast, parser

    text = text_of(data, path)
    if re.search(r"^\s*OPENQASM\s+2", text, re.MULTILINE):
        raise CircuitError(
            f"{path} is OpenQASM 2, which has no free parameters; write OpenQASM 3 with 'input float theta;' for each, "
            "save the circuit with qiskit.qpy, or choose in Python which angles are free: from_qasm(path, free='all')."
        )
    check_nesting(text, path)
    # ANTLR prints what it dislikes before it raises it
    with of_qiskit(f"{path} is no circuit that Qiskit can read"), redirect_stderr(io.StringIO()):
        program = parser.parse(text)
        _check_declared_bits(program, ast, path)
        _check_gates(program, ast, path)
        circuit = importer.convert(program)
        inputs = [one.identifier.name for one in program.statements if isinstance(one, ast.IODeclaration)]
    return in_order_of(circuit, declared_names(inputs, text), path)


def text_of(data: bytes, path: Path) -> str:
    """Return the text in the content of a file; `CircuitError` for none, and for what is no text in UTF-8.

    >>> text_of(b"OPENQASM 3.0;", Path("none.qasm"))
    'OPENQASM 3.0;'
    """
    try:
        text = data.decode("utf-8-sig")  # editors on Windows put a byte-order mark in front
    except UnicodeDecodeError as error:
        raise CircuitError(f"{path} is neither text in UTF-8 nor a QPY file; expected {EXPECTED}.") from error
    if not text.strip():
        raise CircuitError(f"{path} is empty; expected {EXPECTED}.")
    return text


def check_nesting(text: str, path: Path) -> None:
    """Refuse brackets and rows of operators that would take the parser minutes to give up on."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    depth = deepest = 0
    for bracket in re.findall(r"[()\[\]{}]", text):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise CircuitError(f"{path} nests {deepest} brackets; expected at most {DEEPEST}.")
    if any(len(re.findall(r"[-+*/%!~@<>=&|^]|if", part)) > MOST_OPERATORS for part in re.split("[;{}]", text)):
        raise CircuitError(f"{path} has a statement of more than {MOST_OPERATORS} operators; expected fewer.")


def _check_gates(program: Any, ast: ModuleType, path: Path) -> None:
    """Refuse gates that are defined by gates that are defined by gates, and so on, once they are too many."""
    sizes: dict[str, int] = {}

    def size(statements: Any) -> int:
        return sum(sizes.get(one.name.name, 1) for one in statements if isinstance(one, ast.QuantumGate))

    for one in program.statements:
        if isinstance(one, ast.QuantumGateDefinition):
            sizes[one.name.name] = size(one.body)
    if max([size(program.statements), *sizes.values()]) > MOST_GATES:
        raise CircuitError(f"{path} has more than {MOST_GATES} gates once its definitions are put in; expected fewer.")


def _check_declared_bits(program: Any, ast: ModuleType, path: Path) -> None:
    """Refuse registers that would fill the memory."""
    declared = [one.size for one in program.statements if isinstance(one, ast.QubitDeclaration)]
    declared += [
        one.type.size
        for one in program.statements
        if isinstance(one, ast.ClassicalDeclaration) and isinstance(one.type, ast.BitType)
    ]
    sizes = [size for size in declared if size is not None]
    if any(not isinstance(size, ast.IntegerLiteral) for size in sizes):
        raise CircuitError(f"{path} has a register whose size is no plain number; expected one such as 'qubit[12] q;'.")
    if sum(size.value for size in sizes) > MOST_BITS:
        raise CircuitError(f"{path} declares more than {MOST_BITS} bits; expected fewer.")


def _qasm(circuit: QuantumCircuit) -> bytes:
    return with_names_beside(qasm3.dumps(circuit), circuit).encode()


def _other_suffix(path: Path) -> str:
    return "; write a .qpy file instead" if path.suffix == ".qasm" else ""


# How each suffix is written.
WRITERS: dict[str, Callable[[QuantumCircuit], bytes]] = {".qasm": _qasm, ".qpy": _qpy}
