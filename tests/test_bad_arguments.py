"""What is wrong with an argument is said with its name and value, wherever it comes in."""

import numpy as np
import pytest
from qiskit import QuantumCircuit

import nearclifford as nc

LAND = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
PATCH = nc.Gaussian(0.1)
BACKENDS = [nc.Statevector(), nc.Stabilizer(), nc.Exact(), "auto"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"samples": True}, "samples is True; expected an integer of at least 2"),
        ({"samples": 100.0}, "samples is 100.0; .* or 'auto'"),
        ({"samples": None}, "samples is None"),
        ({"samples": 10**20}, "samples is 100000000000000000000; expected an integer of at most"),
        ({"rel_error": "small"}, "rel_error is 'small'; expected a positive, finite number"),
        ({"rel_error": np.nan}, "rel_error is nan"),
        ({"max_seconds": None}, "max_seconds is None"),
        ({"max_seconds": np.inf}, "max_seconds is inf"),
        ({"rng": -1}, "rng is -1; expected an integer >= 0"),
        ({"rng": 0.5}, "rng is 0.5"),
        ({"parameters": 3}, "parameters is 3; expected a sequence"),
        ({"parameters": "01"}, "parameters is '01'; expected a sequence"),
        ({"parameters": [1.0]}, "parameter is 1.0; expected an integer"),
        ({"parameters": np.ones(12, dtype=bool)}, r"parameter is np.True_; expected an integer"),
        ({"parameters": [12]}, "parameter 12 is out of range; expected 0 to 11"),
        ({"patch": 0.1}, r"patch is 0.1; expected a patch such as Gaussian\(sigma\)"),
        ({"patch": nc.Uniform([0.1] * 11)}, "11 widths; expected 12"),
        ({"land": None}, "land is a NoneType; expected a Landscape"),
    ],
)
def test_statistics(backend, arguments, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.gradient_statistics(**{"land": LAND, "patch": PATCH, "backend": backend, "samples": 16} | arguments)
    if "parameters" not in arguments:
        with pytest.raises(nc.NearCliffordError, match=text):
            nc.loss_statistics(**{"land": LAND, "patch": PATCH, "backend": backend, "samples": 16} | arguments)


@pytest.mark.parametrize("backend", ["stabilizer", nc.Stabilizer])
def test_a_backend_is_an_object(backend):
    with pytest.raises(nc.NearCliffordError, match=r"backend is .*; expected 'auto', an object such as Statevector\(\)"):
        nc.gradient_statistics(LAND, PATCH, backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, 95, np.nan, "high", True, None])
def test_level_of_an_interval(backend, level):
    stats = nc.gradient_statistics(LAND, PATCH, backend, samples=16, rng=1)
    with pytest.raises(nc.NearCliffordError, match=r"level is .*; expected a probability between 0 and 1"):
        stats.interval(level)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nc.Aer(device=["CPU"]), r"device is \['CPU'\]; expected one of"),
        (lambda: nc.Aer(method=None), "method is None; expected one of"),
        (lambda: nc.Aer("CPU", shots=10**30), "shots is 1000"),
        (lambda: nc.Aer("CPU", shots=10**12), "shots is 1000000000000; expected an integer of at most 1000000000"),
        (lambda: nc.Aer(estimator=max), "estimator is a builtin_function_or_method"),
        (lambda: nc.Aer("CPU").value("circuit", [0.0]), "land is a str; expected a Landscape"),
        (lambda: nc.Aer("CPU").gradient(None, [0.0]), "land is a NoneType"),
        (lambda: nc.Aer("CPU").value_and_gradient(3, [0.0]), "land is a int"),
        (lambda: nc.Aer("CPU").circuit(nc.ansatz.mhea(2, 1)), "land is a QuantumCircuit"),
        (lambda: nc.Statevector(device=np.zeros(2)), "device is array"),
        (lambda: nc.Statevector(precision=["double"]), r"precision is \['double'\]"),
    ],
)
def test_backends(make, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        make()


JUNK = [
    None,
    1j,
    "x",
    b"",
    [],
    {},
    object(),
    np.nan,
    np.inf,
    -1,
    -1.5,
    10**30,
    1e300,
    [[1], [1, 2]],
    np.array([1j]),
    max,
    QuantumCircuit,
]
FUNCTIONS = [
    (nc.gradient_statistics, {"land": LAND, "patch": PATCH, "backend": nc.Stabilizer(), "samples": 8, "max_seconds": 0.1}),
    (nc.loss_statistics, {"land": LAND, "patch": PATCH, "backend": None, "samples": 8, "rel_error": 0.1}),
    (nc.certified_second_moment, {"land": LAND, "patch": PATCH, "parameter": 0, "max_terms": 100}),
    (nc.certified_loss_second_moment, {"land": LAND, "patch": PATCH, "max_terms": 100}),
    (nc.shots_to_resolve, {"stats": nc.gradient_statistics(LAND, PATCH, nc.Statevector(), samples=4, rng=1), "snr": 3.0}),
    (nc.Aer, {"device": "CPU", "shots": 10, "noise_model": None, "method": "automatic"}),
    (nc.Statevector, {"device": "CPU", "precision": "double"}),
    (nc.Gaussian, {"sigma": 0.1}),
    (nc.Uniform, {"half_width": 0.1}),
    (nc.ansatz.mhea, {"n_qubits": 2, "layers": 1}),
    (nc.ansatz.fhea, {"n_qubits": 2, "layers": 1}),
    (nc.ansatz.random_pqc, {"n_qubits": 2, "layers": 1, "rng": 1}),
]


@pytest.mark.parametrize(("function", "arguments"), FUNCTIONS)
def test_anything_for_anything(function, arguments):
    """Each argument in turn is replaced by what makes no sense: a result, or an error of the package, in words."""
    refused = 0
    for name in arguments:
        for value in JUNK:
            try:
                function(**arguments | {name: value})
            except nc.NearCliffordError as error:
                assert "expected" in str(error) and str(error).rstrip().endswith((".", "dtype=object)."))
                refused += 1
    assert refused > 0.6 * len(arguments) * len(JUNK)


@pytest.mark.parametrize("backend", BACKENDS)
def test_numpy_integers_no_parameters_and_repeated_ones_are_fine(backend):
    arguments = {"patch": PATCH, "backend": backend, "samples": np.int64(16), "rng": np.uint8(3)}
    none = nc.gradient_statistics(LAND, parameters=[], **arguments)
    assert none.second_moment.shape == (0,) and none.interval().shape == (0, 2)
    twice = nc.gradient_statistics(LAND, parameters=np.array([3, 3, 0]), **arguments)
    once = nc.gradient_statistics(LAND, parameters=[3], **arguments)
    assert twice.second_moment[:2].tolist() == once.second_moment.tolist() * 2


def test_certified_bounds():
    for arguments, text in (
        ({"parameter": 1.5}, "parameter is 1.5; expected an integer"),
        ({"parameter": None}, "parameter is None; expected an integer"),
        ({"parameter": 12}, "parameter 12 is out of range"),
        ({"max_terms": 0}, "max_terms is 0; expected an integer of at least 1"),
        ({"max_terms": None}, "max_terms is None"),
        ({"max_terms": 10**30}, "max_terms is 1000000000000000000000000000000; expected an integer of at most"),
        ({"land": nc.ansatz.mhea(2, 1)}, "land is a QuantumCircuit; expected a Landscape"),
        ({"patch": 0.1}, "patch is 0.1"),
    ):
        with pytest.raises(nc.NearCliffordError, match=text):
            nc.certified_second_moment(**{"land": LAND, "patch": PATCH, "parameter": 0} | arguments)


@pytest.mark.parametrize(
    ("theta", "text"),
    [
        ([[0.0] * 12, [0.0]], "theta holds rows of different lengths"),
        (np.full(12, np.finfo(np.longdouble).max), r"theta\[0\] is .*; expected finite angles"),
        (np.zeros(12, dtype=object), "theta has dtype object"),
    ],
)
def test_theta(theta, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        LAND.gradient(theta)


def test_empty_batches_and_any_real_dtype():
    for shape in ((0, 12), (2, 0, 12)):
        value, gradient = LAND.value_and_gradient(np.zeros(shape))
        assert value.shape == shape[:-1] and gradient.shape == shape
    expected = LAND.gradient(np.ones(12))
    for dtype in (np.int8, np.uint64, np.float16, np.float32, np.longdouble):
        assert np.array_equal(LAND.gradient(np.ones(12, dtype)), expected)
    many = np.random.default_rng(1).normal(size=(5, 24))
    assert np.array_equal(LAND.gradient(many[:, ::-2]), LAND.gradient(many[:, ::-2].copy()))


def test_slices_and_height_maps():
    flat = np.zeros(12)
    for arguments, text in (
        ((flat, 1.0, [0.0]), "parameter is 1.0; expected an integer"),
        ((np.zeros((2, 12)), 1, [0.0]), r"theta has shape \(2, 12\); expected \(12,\): one point"),
        ((flat, 1, [np.nan]), "is nan; expected finite angles"),
    ):
        with pytest.raises(nc.NearCliffordError, match=text):
            LAND.slice(*arguments)
    for parameters, text in (
        ((1, 2, 3), r"parameters is \(1, 2, 3\); expected two"),
        (1, "parameters is 1; expected two"),
        ((4, 4), "parameters holds 4 twice"),
        ((0, 12), "parameter 12 is out of range"),
    ):
        with pytest.raises(nc.NearCliffordError, match=text):
            LAND.height_map(flat, parameters, [0.0])
    assert LAND.height_map(flat, (1, 2), []).shape == (0, 0) and LAND.slice(flat, 1, []).shape == (0,)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nc.Landscape("h q[0];", nc.observables.global_z(1)), "The circuit is a str; expected a qiskit"),
        (lambda: nc.encode(None, nc.observables.global_z(1), 0), "The circuit is a NoneType"),
        (lambda: nc.search_encoder(3, nc.observables.global_z(1)), "The circuit is a int"),
        (lambda: nc.Landscape(QuantumCircuit(1), "Z"), "The circuit is empty"),
        (lambda: nc.encode(nc.ansatz.mhea(2, 1), nc.observables.global_z(2), 1.0), "parameter is 1.0; expected an integer"),
        (
            lambda: nc.encode(nc.ansatz.mhea(2, 1), nc.observables.global_z(2), 0, term="0"),
            "term is '0'; expected an integer",
        ),
        (lambda: nc.ansatz.mhea(2.0, 1), "n_qubits is 2.0; expected an integer of at least 1"),
        (lambda: nc.ansatz.fhea(2, "N"), "layers is 'N'"),
        (lambda: nc.ansatz.random_pqc(2, 1, rng=-3), "rng is -3"),
        (lambda: nc.observables.global_z(True), "n_qubits is True"),
        (lambda: nc.observables.random_pauli(3, rng="seed"), "rng is 'seed'"),
        (lambda: nc.observables.random_hamiltonian(3, 2.5), "n_terms is 2.5"),
        (lambda: nc.observables.random_hamiltonian(1, 4), "n_terms is 4; expected 1 to 3 on 1 qubits"),
    ],
)
def test_circuits_and_observables(make, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        make()


@pytest.mark.parametrize(
    "call",
    [
        lambda huge: nc.surrogate(LAND, huge),
        lambda huge: nc.ansatz.mhea(huge, 1),
        lambda huge: nc.gradient_statistics(LAND, PATCH, samples=huge),
        lambda huge: nc.gradient_statistics(LAND, PATCH, rng=-huge),
        lambda huge: nc.gradient_statistics(LAND, PATCH, rel_error=huge),
        lambda huge: nc.gradient_statistics(LAND, PATCH, parameters=[huge]),
        lambda huge: nc.simulation_cost(LAND, PATCH, huge),
        lambda huge: nc.observables.ising(3, huge),
        lambda huge: nc.Gaussian(huge),
        lambda huge: LAND.value([huge] * 12),
    ],
)
def test_integers_that_python_does_not_print(call):
    with pytest.raises(nc.NearCliffordError, match=r"an integer of 16610 bits|dtype object"):
        call(10**5000)


def test_values_of_many_lines_are_told_in_one():
    with pytest.raises(nc.NearCliffordError) as told:
        nc.gradient_statistics(LAND, PATCH, samples=np.zeros((9, 9)))
    assert "\n" not in str(told.value) and len(str(told.value)) < 200
