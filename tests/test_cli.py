"""The command line, as a user meets it."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm2, qasm3, qpy
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc
from nearclifford.cli import main
from nearclifford.commands.backends import BACKENDS, make_backend
from nearclifford.commands.reading import parameter_index, read_observable
from nearclifford.interchange.circuit_files import read_circuit
from nearclifford.studies import preset_names

STUDY = 'ansatz = ["mhea"]\nqubits = [2, 3]\nsigma = ["D^-1", "1"]\ndraws = 4\n'


@pytest.fixture
def circuit_file(tmp_path):
    path = tmp_path / "circuit.qpy"
    with path.open("wb") as stream:
        qpy.dump(nc.ansatz.mhea(3, 1), stream)
    return path


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"nearclifford {nc.__version__}\n"


def test_python_m():
    done = subprocess.run([sys.executable, "-m", "nearclifford", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"nearclifford {nc.__version__}\n"


@pytest.mark.parametrize("option", ["--preset", "--list"])
def test_presets_are_listed(option, capsys):
    assert main(["study", option]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == preset_names() and {"quick", "trainability", "transition-zone", "phase-diagram"} < set(listed)


def test_study_prints_and_writes(tmp_path, capsys):
    (tmp_path / "mine.toml").write_text(STUDY)
    command = ["study", str(tmp_path / "mine.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert "mHEA, L = N, with encoder (compact): mean of ‖∇L‖ over 4 draws" in first and "σ = D^-1" in first
    names = {path.name for path in (tmp_path / "out").iterdir()}
    figures = {"gradient_norm_mhea_LN.png", "gradient_norm_mhea_LN.svg"}
    assert names == {"study.sqlite", "table.csv", "report.html", *figures}
    assert f"nearclifford study {tmp_path}/mine.toml --out" in (tmp_path / "out/gradient_norm_mhea_LN.svg").read_text()
    assert main(command) == 0
    again = capsys.readouterr()
    assert again.out == first and again.err == ""


def test_study_writes_to_runs_unless_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(STUDY)
    assert main(["study", "mine.toml", "--workers", "1"]) == 0
    assert (tmp_path / "runs/mine/table.csv").exists()


def test_interrupted_study_says_how_to_go_on(tmp_path):
    (tmp_path / "long.toml").write_text('ansatz = ["mhea"]\nqubits = [2, 4, 6, 8]\ndraws = 400\n')
    command = [sys.executable, "-m", "nearclifford", "study", "long.toml", "--out", "out", "--workers", "2"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job would ignore it
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (tmp_path / "out/study.sqlite-wal").exists():
        time.sleep(0.05)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)  # a terminal's Ctrl-C reaches the workers too
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    go_on = "nearclifford study long.toml --out out --workers 2"
    assert re.search(rf"Stopped with \d+ of 640 points in out. To go on:\n  {go_on}\n", told)
    assert "Traceback" not in told


def test_encode_round_trip(circuit_file, tmp_path, capsys):
    output = tmp_path / "encoded.qpy"
    assert main(["encode", str(circuit_file), "--observable", "ZZI", "--parameter", "3", "-o", str(output)]) == 0
    assert "parameter 3 (theta[3])" in capsys.readouterr().out
    land = nc.Landscape(read_circuit(output), SparsePauliOp("ZZI"))
    assert abs(land.gradient(np.zeros(12))[3]) == pytest.approx(1.0, abs=1e-12)


def test_openqasm_3_in_and_out(tmp_path, capsys):
    source, output = tmp_path / "circuit.qasm", tmp_path / "encoded.qasm"
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("beta"), 0)
    circuit.rz(Parameter("alpha"), 1)
    circuit.cx(0, 1)
    source.write_text(qasm3.dumps(circuit))
    assert main(["encode", str(source), "--observable", "XZ", "--parameter", "beta", "-o", str(output)]) == 0
    capsys.readouterr()
    encoded = read_circuit(output)
    assert [parameter.name for parameter in encoded.parameters] == ["alpha", "beta"]
    assert abs(nc.Landscape(encoded, SparsePauliOp("XZ")).gradient(np.zeros(2))[1]) == pytest.approx(1.0, abs=1e-12)


def test_variance_prints_the_statistics(circuit_file, capsys):
    assert main(["variance", str(circuit_file), "--observable", "ZZI", "--sigma", "0.1", "--seed", "7"]) == 0
    printed = capsys.readouterr().out
    land = nc.Landscape(nc.ansatz.mhea(3, 1), SparsePauliOp("ZZI"))
    stats = nc.gradient_statistics(land, nc.Gaussian(0.1), rng=7)
    assert printed.splitlines()[-1] == stats.choice
    rows = [line.split() for line in printed.splitlines()[1:13]]
    assert [row[1] for row in rows] == [f"theta[{k}]" for k in range(12)]
    assert [float(row[6]) for row in rows] == pytest.approx(stats.variance.tolist(), rel=1e-4)
    assert f"E‖∇L‖² = {stats.norm_squared:.6g} ±" in printed


def test_shots_go_to_aer_alone(circuit_file, capsys):
    command = ["variance", str(circuit_file), "--observable", "ZZI", "--sigma", "0.3", "--samples", "4", "--shots", "32"]
    assert main([*command, "--backend", "aer"]) == 0
    assert "aer" in capsys.readouterr().out
    assert main([*command, "--backend", "stabilizer"]) == 2
    assert "--shots is 32, but --backend stabilizer takes none; expected --backend aer." in capsys.readouterr().err
    assert main([*command[:-2], "--backend", "stabilizer", "--device", "GPU"]) == 2
    told = capsys.readouterr().err
    assert (
        told
        == "nearclifford: --device is GPU, but --backend stabilizer takes none; expected --backend statevector or aer.\n"
    )


@pytest.mark.parametrize("backend", ["statevector", "aer"])
def test_the_device_goes_to_the_backend(backend, circuit_file, monkeypatch, capsys):
    made = []
    monkeypatch.setattr(
        "nearclifford.commands.variance.make_backend", lambda options: made.append(make_backend(options)) or made[0]
    )
    command = [
        "variance",
        str(circuit_file),
        "--observable",
        "ZZI",
        "--sigma",
        "0.3",
        "--samples",
        "4",
        "--backend",
        backend,
    ]
    assert main([*command, "--device", "CPU"]) == 0
    assert made == [getattr(nc, BACKENDS[backend][0])(device="CPU")]
    assert main([*command, "--device", "TPU"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("nearclifford: device is 'TPU'; expected one of") and told.count("\n") == 1


@pytest.mark.parametrize("name", BACKENDS)
def test_every_backend_prints_its_table_and_intervals(name, circuit_file, capsys):
    command = ["variance", str(circuit_file), "--observable", "ZZI", "--sigma", "0.3", "--backend", name]
    assert main([*command, "--samples", "500", "--seed", "3"]) == 0
    table, rest = capsys.readouterr().out.split("\n\n")
    land = nc.Landscape(nc.ansatz.mhea(3, 1), SparsePauliOp("ZZI"))
    stats = nc.gradient_statistics(land, nc.Gaussian(0.3), getattr(nc, BACKENDS[name][0])(), samples=500, rng=3)
    head, *rows = [line.split() for line in table.splitlines()]
    shown = np.array([row[2:] for row in rows], dtype=float)
    assert np.allclose(shown[:, head.index("second_moment") - 1], stats.second_moment, rtol=1e-4)
    assert np.allclose(shown[:, -2:], stats.interval(0.95), rtol=1e-4)
    assert f"E‖∇L‖² = {stats.norm_squared:.6g} ± {stats.norm_squared_error:.2g}\n{stats.samples or 'no'} samples" in rest
    assert ("E‖∇L‖  =" in rest) is (stats.norm is not None) and "None" not in rest and stats.method in rest
    assert "95% interval of the second moment" in rest


def test_the_stabilizer_samples_until_the_norm_is_known(circuit_file, capsys):
    command = ["variance", str(circuit_file), "--observable", "ZZI", "--sigma", "0.3", "--backend", "stabilizer"]
    assert main([*command, "--samples", "auto"]) == 0
    total, error = re.search(r"E‖∇L‖² = (\S+) ± (\S+)", capsys.readouterr().out).groups()
    assert 0 < float(error) <= 0.05 * float(total)


def test_shared_parameters_are_refused_by_name_in_one_line(tmp_path, capsys):
    circuit, angle = QuantumCircuit(1), Parameter("twice")
    circuit.rx(angle, 0)
    circuit.ry(angle, 0)
    with (tmp_path / "shared.qpy").open("wb") as stream:
        qpy.dump(circuit, stream)
    command = ["variance", str(tmp_path / "shared.qpy"), "--observable", "Z", "--sigma", "0.1"]
    assert main([*command, "--backend", "stabilizer"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "'twice'" in told and "Statevector()" in told
    assert main(command) == 0


def test_cost_prints_the_methods(circuit_file, capsys):
    command = ["cost", str(circuit_file), "--observable", "ZZI", "--sigma", "0.1", "--tolerance", "0.01", "--seed", "7"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    land = nc.Landscape(nc.ansatz.mhea(3, 1), SparsePauliOp("ZZI"))
    cost = nc.simulation_cost(land, nc.Gaussian(0.1), 0.01, rng=7)
    assert [line.split("  ")[0] for line in printed.splitlines()[2:]] == [one.method for one in cost.methods]
    orders = re.findall(r"^Pauli-path surrogate +rms +(\d+)", printed, re.MULTILINE)
    assert orders == [str(cost.rms_order)]
    assert main(["cost", str(circuit_file), "--observable", "ZZI", "--sigma", "0.1", "--tolerance", "-1"]) == 2
    assert "tolerance is -1.0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--observable": "ZQ"}, "--observable is 'ZQ', unreadable at 'Q'; expected Pauli strings"),
        ({"--observable": "ZZI + ZZ"}, "differ in length"),
        ({"--observable": "ZZ"}, "acts on 2 qubits; expected 3"),
        ({"--parameter": "12"}, "--parameter is '12'; expected an index from 0 to 11"),
        ({"--parameter": "phi"}, "--parameter is 'phi'; expected an index from 0 to 11, or one of theta[0]"),
        ({"--term": "1"}, "term is 1"),
        ({"-o": "encoded.txt"}, "ends in .qasm or .qpy"),
        ({"circuit": "absent.qpy"}, "absent.qpy: No such file"),
        ({"circuit": "broken.qpy"}, "broken.qpy is no circuit"),
        ({"circuit": "cut.qpy"}, "cut.qpy is no circuit"),
        ({"circuit": "two.qasm"}, "OpenQASM 2, which has no free parameters"),
        ({"circuit": "broken.qasm"}, "broken.qasm is no circuit"),
    ],
)
def test_errors_are_one_line(circuit_file, tmp_path, monkeypatch, capsys, changes, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.qpy").write_bytes(b"no circuit")
    (tmp_path / "cut.qpy").write_bytes(circuit_file.read_bytes()[:40])
    (tmp_path / "two.qasm").write_text(qasm2.dumps(QuantumCircuit(2)))
    (tmp_path / "broken.qasm").write_text("OPENQASM 3.0;\nqubit[2 q;")
    options = {"--observable": "ZZI", "--parameter": "0", "-o": "encoded.qpy"} | changes
    circuit = options.pop("circuit", str(circuit_file))
    assert main(["encode", circuit, *(word for pair in options.items() for word in pair)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("nearclifford: ") and told.count("\n") == 1 and words in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preset", "slow"], "no preset 'slow'"),
        (["absent.toml"], "absent.toml: No such file"),
        (["mine.toml", "--workers", "0"], "workers is 0"),
        (["wrong.toml"], "wrong.toml: A study of the experiment 'gradient' has no entry 'qubit'"),
    ],
)
def test_study_errors_are_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(STUDY)
    (tmp_path / "wrong.toml").write_text("qubit = [2]\n" + STUDY)
    assert main(["study", *arguments]) == 2
    told = capsys.readouterr().err
    assert told.startswith("nearclifford: ") and told.count("\n") == 1 and words in told


def test_wrong_sigma_samples_and_seed(circuit_file, capsys):
    for option, words in (
        (["--sigma", "-1"], "sigma"),
        (["--sigma", "0.1", "--samples", "1"], "samples is 1"),
        (["--sigma", "0.1", "--seed", "-1"], "--seed is -1; expected an integer of at least 0"),
    ):
        assert main(["variance", str(circuit_file), "--observable", "ZZI", *option]) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and words in told
    with pytest.raises(SystemExit, match="2"):
        main(["variance", str(circuit_file), "--observable", "ZZI", "--sigma", "0.1", "--samples", "many"])
    assert "'many'; expected a number, or 'auto'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--sigma", "nan"], "sigma holds nan"),
        (["--sigma", "-1e-3"], "sigma holds -0.001"),
        (
            ["--sigma", "1", "--samples", "99999999999999999999"],
            "samples is 99999999999999999999; expected an integer of at",
        ),
        (["--sigma", "1", "--seed", "x"], "argument --seed: invalid int value: 'x'; see nearclifford variance --help"),
        (["--sigma", "1", "--observable"], "argument --observable: expected one argument"),
        (["--sigma", "1", "--observable", "1e999*ZZI"], "expected factors below 1e308"),
        (["--sigma", "1", "--workers", "2"], "unrecognized arguments: --workers 2"),
        ([], "--sigma"),
    ],
)
def test_wrong_options_are_one_line(options, words, circuit_file, capsys):
    try:
        status = main(["variance", str(circuit_file), "--observable", "ZZI", *options])
    except SystemExit as ended:
        status = ended.code
    told = capsys.readouterr().err
    assert status == 2 and told.startswith("nearclifford") and told.count("\n") == 1 and words in told


def test_an_observable_may_begin_with_a_minus(circuit_file, capsys):
    command = ["variance", str(circuit_file), "--sigma", "0.2", "--samples", "8", "--observable"]
    assert main([*command, "ZZI"]) == 0 and main([*command, "-ZZI"]) == 0
    plus, minus = (part.split("\n") for part in capsys.readouterr().out.split("no samples")[:2])
    rows = [[float(line.split()[2]) for line in part if "theta[" in line] for part in (plus, minus)]
    assert len(rows[0]) == 12 and rows[0] == [-mean for mean in rows[1]]


@pytest.mark.parametrize("name", ["absent/encoded.qpy", "folder.qpy", "/proc/encoded.qasm", "/dev/full"])
def test_outputs_that_cannot_be_written_are_one_line(name, circuit_file, tmp_path, capsys):
    (tmp_path / "folder.qpy").mkdir()
    command = ["encode", str(circuit_file), "--observable", "ZZI", "--parameter", "0", "-o", str(tmp_path / name)]
    assert main(command) == 2
    told = capsys.readouterr().err
    assert told.startswith("nearclifford: ") and told.count("\n") == 1 and name in told


def test_ctrl_c_is_one_line_wherever_it_comes(circuit_file, tmp_path, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("nearclifford.commands.variance.gradient_statistics", interrupt)
    assert main(["variance", str(circuit_file), "--observable", "ZZI", "--sigma", "1"]) == 130
    assert capsys.readouterr().err == "\nnearclifford: stopped by Ctrl-C.\n"
    monkeypatch.setattr("nearclifford.studies.StudyResults.save_figures", interrupt)
    (tmp_path / "mine.toml").write_text(STUDY)
    assert main(["study", str(tmp_path / "mine.toml"), "--workers", "1", "--out", str(tmp_path / "out")]) == 130
    assert f"Stopped with 8 of 8 points in {tmp_path}/out. To go on:" in capsys.readouterr().err
    assert (tmp_path / "out/table.csv").exists()


@pytest.mark.parametrize(
    ("stdout", "status", "told"), [("closed", 0, ""), ("/dev/full", 2, "standard output: No space left")]
)
def test_a_standard_output_that_takes_nothing(stdout, status, told, circuit_file):
    command = [sys.executable, "-m", "nearclifford", "variance", str(circuit_file), "--observable", "ZZI", "--sigma", "0.1"]
    process = subprocess.Popen(
        [*command, "--samples", "4"],
        stdout=subprocess.PIPE if stdout == "closed" else open(stdout, "w"),
        stderr=subprocess.PIPE,
        text=True,
    )
    if process.stdout:
        process.stdout.close()
    said = process.stderr.read()
    assert process.wait(timeout=120) == status and said.count("\n") == bool(told) and told in said


def test_observables_are_sums_of_strings():
    assert read_observable("ZZII") == "ZZII"
    circuit = nc.ansatz.mhea(2, 0)
    for text in ("-XI + 2.5e-1*ZZ-YY", "-X1 + 0.25 Z0 Z1 - Y1*Y0"):
        observable = nc.Landscape(circuit, read_observable(text)).observable
        assert dict(observable.to_list()) == {"XI": -1, "ZZ": 0.25, "YY": -1}
    for wrong in ("", "Z Z + ", "ZZ*2", "zz", "ZZ XX + 1"):
        with pytest.raises(nc.ObservableError, match="--observable is"):
            read_observable(wrong)


def test_parameters_go_by_index_or_name():
    circuit = nc.ansatz.mhea(6, 0)
    assert parameter_index(circuit, "10") == 10 and parameter_index(circuit, "theta[10]") == 10
