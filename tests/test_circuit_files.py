"""Circuits in files: what is no circuit is told in one line, and parameters keep their names and their order."""

import io
import itertools
import os
import warnings

import numpy as np
import pytest
import qiskit
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, efficient_su2
from qiskit.quantum_info import Clifford, SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.cli import main
from nearclifford.commands.reading import parameter_index
from nearclifford.interchange import circuit_files
from nearclifford.interchange.circuit_files import read_circuit, write_circuit

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float a;\nqubit[2] q;\n'


def as_qpy(*circuits, version=qpy.common.QPY_VERSION):
    stream = io.BytesIO()
    qpy.dump(list(circuits), stream, version=version)
    return stream.getvalue()


def doubled(times):
    """Gates that are defined by two of the gate before."""
    gates = [f"gate g{k + 1} a {{g{k} a; g{k} a;}}\n" for k in range(times)]
    return f"{HEAD}gate g0 a {{x a;}}\n{''.join(gates)}g{times} q[0];"


# reading ---------------------------------------------------------------------------------------------------------

WHOLE = as_qpy(nc.ansatz.mhea(3, 1))
BROKEN = {
    "empty.qasm": (b"", "is empty"),
    "empty.qpy": (b"", "is empty"),
    "index.qasm": (f"{HEAD}rx(a) q[5];".encode(), "index out of range"),
    "zero.qasm": (f"{HEAD}rx(a+1/0) q[0];".encode(), "division"),
    "deep.qasm": (f"{HEAD}rx({'(' * 3000}a{')' * 3000}) q[0];".encode(), "nests 3001 brackets"),
    "recursion.qasm": (f"{HEAD}rx({'-' * 1500}a) q[0];".encode(), "nested too deeply"),
    "long.qasm": (f"{HEAD}rx(a{'+a' * 10**5}) q[0];".encode(), "more than 2000 operators"),
    "wide.qasm": (b"OPENQASM 3.0;\nqubit[99999999999] q;", "more than 1000000 bits"),
    "power.qasm": (b"OPENQASM 3.0;\nqubit[2**40] q;", "size is no plain number"),
    "doubled.qasm": (doubled(60).encode(), "more than 1000000 gates"),
    "sign.qasm": (f"{HEAD}\u00a7;".encode(), "token recognition error"),
    "syntax.qasm": (b"OPENQASM 3.0;\nqubit[2 q;", "line 2 is wrong at 'q'"),
    "binary.qasm": (b"\x89PNG\r\n\xff\xfe", "neither text in UTF-8 nor a QPY file"),
    "text.qpy": (b"no circuit", "no circuit"),
    "magic.qpy": (b"QISKIT", "cut short"),
    "none.qpy": (as_qpy(), "holds no circuits; expected one"),
    "two.qpy": (as_qpy(QuantumCircuit(1), QuantumCircuit(2)), "holds 2 circuits; expected one"),
    "half.qpy": (WHOLE[: len(WHOLE) // 2], "is no circuit that Qiskit can read"),
    "bits.qpy": (
        (lambda data, start: data[: start + 5] + b"\xff" * 4 + data[start + 9 :])(as_qpy(QuantumCircuit(2), version=13), 20),
        "announces 4294967295 qubits",
    ),
    # version 12, its expressions written by symengine: Qiskit would hand them to symengine, and symengine to pickle
    "pickle.qpy": (
        (lambda data: data[:6] + b"\x0c" + data[7:18] + b"e" + data[19:])(as_qpy(nc.ansatz.mhea(2, 0), version=13)),
        "can hold pickles",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_circuit_is_told_in_one_line(name, tmp_path, capfd):
    data, words = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(nc.CircuitError) as told:
        read_circuit(tmp_path / name)
    text = str(told.value)
    assert words in text and text.isprintable() and len(text) < 500 and name in text
    assert "\u2501" not in text and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("cut", range(8, len(WHOLE), len(WHOLE) // 25))
def test_qpy_cut_anywhere_is_one_plain_line(cut, tmp_path):
    (tmp_path / "cut.qpy").write_bytes(WHOLE[:cut])
    with pytest.raises(nc.CircuitError, match=r"cut\.qpy is no circuit that Qiskit can read") as told:
        read_circuit(tmp_path / "cut.qpy")
    assert str(told.value).isprintable() and "Backtrace" not in str(told.value)


def test_a_byte_order_mark_and_any_suffix_are_read(tmp_path, capfd):
    (tmp_path / "mark.txt").write_bytes(b"\xef\xbb\xbf" + f"{HEAD}rx(a) q[0];".encode())
    (tmp_path / "circuit.qasm").write_bytes(WHOLE)
    assert read_circuit(tmp_path / "mark.txt").num_parameters == 1
    assert read_circuit(tmp_path / "circuit.qasm").num_parameters == 12
    assert capfd.readouterr().err == ""


def test_paths_that_hold_no_circuit(tmp_path):
    (tmp_path / "endless.qasm").symlink_to("/dev/zero")
    for path, words in (
        (tmp_path, "Is a directory"),
        ("/proc", "Is a directory"),
        ("/proc/self/mem", "error"),
        (tmp_path / "absent.qpy", "No such file"),
        (tmp_path / ("long" * 99), "File name too long"),
        (tmp_path / "endless.qasm", "larger than 67108864 bytes"),
        ("a\0b.qasm", "without null characters"),
        (3, "expected the path of a file"),
    ):
        with pytest.raises(nc.NearCliffordError, match=words) as told:
            read_circuit(path)
        assert str(told.value).isprintable()


def test_barriers_and_comments_are_no_operators(tmp_path):
    qubits = ", ".join(f"q[{k}]" for k in range(3000))
    (tmp_path / "wide.qasm").write_text(f"OPENQASM 3.0;\n// {'-' * 5000}\nqubit[3000] q;\nbarrier {qubits};\n")
    assert read_circuit(tmp_path / "wide.qasm").num_qubits == 3000


# names and order -------------------------------------------------------------------------------------------------


# Before 2.6 Qiskit writes some of these as they stand, which no reader takes, and some versions warn of unused elements.
OLD_QISKIT = tuple(map(int, qiskit.__version__.split(".")[:2])) < (2, 6)
NAMES_OF_NEW_QISKIT = () if OLD_QISKIT else ("2x", "pi", "gate")


def mixed_circuit():
    """Two vectors, of which one is not used as a whole, Greek and other names, and names that look like Qiskit's own."""
    theta, late = ParameterVector("θ", 12), ParameterVector("x y", 14)
    names = ("alpha", "β", "a.b", "_θ_3_", "w[10]x", "_under_7_", "_", *NAMES_OF_NEW_QISKIT)
    circuit = QuantumCircuit(3)
    for angle, qubit in zip([*theta, *late[2:], *map(Parameter, names)], itertools.cycle(range(3))):
        circuit.ry(angle, qubit)
        circuit.cx(qubit, (qubit + 1) % 3)
    circuit.rx(late[2] + 2 * theta[4] - 0.5, 1)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XYI", "ZZZ"], [0.5, 1.5]), theta[7]), [0, 1, 2])
    return circuit


def scalars(*names):
    circuit = QuantumCircuit(1)
    for number, name in enumerate(names):
        (circuit.rx, circuit.ry)[number % 2](Parameter(name), 0)
    return circuit


CIRCUITS = {
    "efficient_su2": efficient_su2(3, reps=3),
    "mhea": nc.ansatz.mhea(3, 2),
    "mixed": mixed_circuit(),
    "scalars": scalars("x[10]", "x[2]", "x[0]", "t10", "t2", "t1"),
    "no parameters": QuantumCircuit(2),
}


@pytest.mark.parametrize("suffix", [".qasm", ".qpy"])
@pytest.mark.parametrize("name", CIRCUITS)
def test_a_circuit_comes_back_with_names_order_and_values(name, suffix, tmp_path):
    circuit, path = CIRCUITS[name], tmp_path / f"circuit{suffix}"
    write_circuit(circuit, path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if OLD_QISKIT:
            warnings.filterwarnings("ignore", "The ParameterVector: 'x y' is not fully identical")
        back = read_circuit(path)
    assert [one.name for one in back.parameters] == [one.name for one in circuit.parameters]
    theta = np.random.default_rng(5).uniform(-3, 3, circuit.num_parameters)
    states = [Statevector(one.assign_parameters(theta)) for one in (circuit, back)]
    assert states[0].equiv(states[1], atol=1e-10)


def test_what_qiskit_wrote_has_the_order_of_the_vector(tmp_path, capsys):
    circuit = efficient_su2(3, reps=3)
    (tmp_path / "su2.qasm").write_text(qasm3.dumps(circuit))
    back = read_circuit(tmp_path / "su2.qasm")
    assert [one.name for one in back.parameters] == [f"θ[{k}]" for k in range(24)]
    theta = np.random.default_rng(5).uniform(-3, 3, 24)
    assert Statevector(back.assign_parameters(theta)).equiv(Statevector(circuit.assign_parameters(theta)), atol=1e-10)
    command = ["encode", str(tmp_path / "su2.qasm"), "--observable", "ZZI", "--parameter", "3"]
    assert main([*command, "-o", str(tmp_path / "encoded.qasm")]) == 0
    printed = capsys.readouterr()
    assert "parameter 3 (θ[3])" in printed.out and printed.err == ""
    expected = nc.encode(circuit, SparsePauliOp("ZZI"), 3).circuit
    encoded = read_circuit(tmp_path / "encoded.qasm")
    assert Statevector(encoded.assign_parameters(theta)).equiv(Statevector(expected.assign_parameters(theta)), atol=1e-10)


def test_vectors_of_which_some_are_used(tmp_path):
    x = ParameterVector("x", 11)
    circuit = QuantumCircuit(1)
    for k in (10, 2, 5):
        circuit.rx(x[k], 0)
    (tmp_path / "some.qasm").write_text(qasm3.dumps(circuit))
    assert [one.name for one in read_circuit(tmp_path / "some.qasm").parameters] == ["x[2]", "x[5]", "x[10]"]


def test_an_order_that_names_cannot_give_is_told(tmp_path, capsys):
    (tmp_path / "order.qasm").write_text(
        'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float t1;\ninput float t2;\ninput float t10;\nqubit[1] q;\n'
        "rx(t1) q[0];\nry(t2) q[0];\nrx(t10) q[0];\n"
    )
    with pytest.warns(UserWarning, match="from index 1 on, t2, t10 in the file, t10, t2 in the circuit"):
        read_circuit(tmp_path / "order.qasm")
    command = ["variance", str(tmp_path / "order.qasm"), "--observable", "Z", "--sigma", "0.1"]
    assert main([*command, "--samples", "4", "--backend", "statevector"]) == 0  # the fewest kernels to compile
    told = capsys.readouterr().err
    assert told.startswith("nearclifford: warning: ") and told.count("\n") == 1


def test_inputs_that_no_gate_uses_are_parameters_and_comments_no_names(tmp_path):
    text = HEAD.replace("input float a;", "input float zeta;\ninput float zeta_unused;\ninput float[64] zz; // the last one")
    (tmp_path / "unused.qasm").write_text(f"{text}rx(zeta) q[0];\nry(zz) q[0];\n")
    assert [one.name for one in read_circuit(tmp_path / "unused.qasm").parameters] == ["zeta", "zeta_unused", "zz"]


def test_names_may_be_swapped_by_their_comments(tmp_path):
    text = HEAD.replace("input float a;", "input float[64] _a_b; // a.b\ninput float[64] _a_b_0; // a b")
    (tmp_path / "swapped.qasm").write_text(f"{text}rx(_a_b) q[0];\nry(_a_b_0) q[0];\n")
    with pytest.warns(UserWarning, match=r"a\.b, a b in the file, a b, a\.b in the circuit"):
        names = [one.name for one in read_circuit(tmp_path / "swapped.qasm").parameters]
    assert names == ["a b", "a.b"]


def test_a_parameter_goes_by_the_spelling_of_its_file():
    circuit = mixed_circuit()
    names = [one.name for one in circuit.parameters]
    assert parameter_index(circuit, "_x_y_3_") == names.index("x y[3]") == parameter_index(circuit, "x y[3]")
    assert parameter_index(circuit, "_θ_3_") == names.index("_θ_3_")  # a name comes before a spelling
    for wrong in ("9" * 30, "-1", "phi", str(len(names))):
        with pytest.raises(nc.CircuitError, match="--parameter is"):
            parameter_index(circuit, wrong)
    with pytest.raises(nc.CircuitError, match="has no parameters"):
        parameter_index(QuantumCircuit(1), "0")


# writing ---------------------------------------------------------------------------------------------------------


def test_what_openqasm_cannot_hold_is_told_and_leaves_the_file(tmp_path):
    circuit = QuantumCircuit(1)
    circuit.append(Clifford(QuantumCircuit(1)), [0])
    path = tmp_path / "circuit.qasm"
    path.write_text("as it was")
    for wrong in (circuit, scalars("two\nlines")):
        with pytest.raises(nc.CircuitError, match=r"write a \.qpy file instead") as told:
            write_circuit(wrong, path)
        assert str(told.value).isprintable()
        assert path.read_text() == "as it was" and os.listdir(tmp_path) == ["circuit.qasm"]


@pytest.mark.parametrize("suffix", [".qasm", ".qpy"])
def test_places_that_cannot_be_written(suffix, tmp_path):
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / f"full{suffix}").symlink_to("/dev/full")
    for path, words in (
        (tmp_path / "absent" / f"circuit{suffix}", "No such file or directory"),
        (tmp_path / f"folder{suffix}", "Is a directory"),
        (tmp_path / f"full{suffix}", "No space left on device"),
        (f"/proc/circuit{suffix}", "No such file or directory"),
        (tmp_path / f"{'long' * 99}{suffix}", "File name too long"),
        (f"a\0b{suffix}", "without null characters"),
        (tmp_path / "circuit.txt", "ends in .qasm or .qpy"),
    ):
        with pytest.raises(nc.NearCliffordError, match=words) as told:
            write_circuit(QuantumCircuit(1), path)
        assert str(told.value).isprintable()


def test_a_failure_while_writing_leaves_the_file(tmp_path, monkeypatch):
    path = tmp_path / "circuit.qpy"
    write_circuit(QuantumCircuit(1), path)
    before = path.read_bytes()

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nearclifford.files.os.fsync", fail)
    with pytest.raises(nc.NearCliffordError, match="No space left on device"):
        write_circuit(QuantumCircuit(2), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["circuit.qpy"]


def test_panics_of_the_reader_are_told(tmp_path, monkeypatch):
    class PanicException(BaseException):
        """Of Rust, as pyo3 raises it."""

    def panic(*_, **__):
        raise PanicException("called `Option::unwrap()` on a `None` value")

    (tmp_path / "circuit.qpy").write_bytes(WHOLE)
    monkeypatch.setattr(circuit_files.qpy, "load", panic)
    with pytest.raises(nc.CircuitError, match="unwrap"):
        read_circuit(tmp_path / "circuit.qpy")
