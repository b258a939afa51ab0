"""The CUDA kernels: compiled for the host and run thread after thread everywhere, and on a GPU where one is."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

import nearclifford as nc
from nearclifford.exact.gpu import REAL, Cuda, GpuSweeps, source
from random_circuits import brickwork, random_center, random_circuit, random_observable

COMPILER = next((path for path in map(shutil.which, ("g++", "clang++", "c++")) if path), None)
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="not run: no C++ compiler")

SHIM = """
struct three { unsigned x, y, z; };
static three blockIdx, threadIdx, gridDim, blockDim;
#define __device__
#define __global__
"""
RUN = """
extern "C" void run_{name}(unsigned gx, unsigned gy, unsigned bx{declared}) {{
    gridDim = {{gx, gy, 1}}; blockDim = {{bx, 1, 1}};
    for (unsigned y = 0; y < gy; y++) for (unsigned b = 0; b < gx; b++) for (unsigned t = 0; t < bx; t++) {{
        blockIdx = {{b, y, 0}}; threadIdx = {{t, 0, 0}}; {name}({passed});
    }}
}}
"""
PARAMETERS = {
    "forward": "REAL*, const REAL*, const REAL*, int, int, word, word, REAL, REAL",
    "backward": "REAL*, REAL*, const REAL*, const REAL*, int, int, word, word, REAL, REAL, REAL*",
    "observe": "const REAL*, REAL*, int, int, const word*, const long long*, const word*, const REAL*, const bool*, REAL*",
}


class Host:
    """An accelerator that runs one thread after another on the CPU."""

    xp = np

    def __init__(self, folder, precision, free=2**34):
        real = REAL[precision][0]
        wrappers = "".join(
            RUN.format(
                name=name,
                declared="".join(f", {kind} a{i}" for i, kind in enumerate(kinds.split(", "))),
                passed=", ".join(f"a{i}" for i in range(len(kinds.split(", ")))),
            )
            for name, kinds in PARAMETERS.items()
        )
        code, library = folder / f"{real}.cpp", folder / f"{real}.so"
        code.write_text(SHIM + source() + wrappers)
        command = [COMPILER, "-O1", "-std=c++14", "-Wall", "-Werror", "-shared", "-fPIC", f"-DREAL={real}"]
        subprocess.run([*command, "-o", str(library), str(code)], check=True)
        self.library, self.real, self.free = ctypes.CDLL(str(library)), real, free

    def launch(self, kernel, grid, block, arguments):
        scalars = {"int": ctypes.c_int, "word": ctypes.c_uint64, "REAL": getattr(ctypes, f"c_{self.real}")}
        passed = []
        for kind, argument in zip(PARAMETERS[kernel].split(", "), arguments, strict=True):
            if kind.endswith("*"):
                assert argument.flags.c_contiguous
                passed.append(ctypes.c_void_p(argument.ctypes.data))
            else:
                passed.append(scalars[kind](argument.item()))
        getattr(self.library, f"run_{kernel}")(*map(ctypes.c_uint, (*grid, block)), *passed)

    def free_bytes(self):
        return self.free


@pytest.fixture(scope="module", params=["double", "single"])
def host(request, tmp_path_factory):
    return Host(tmp_path_factory.mktemp("cuda"), request.param), request.param


def check(land, theta, accelerator, precision):
    tolerance = (1e-12 if precision == "double" else 2e-5) * np.abs(land.problem.coefficients).sum() * 10
    gpu = GpuSweeps(land.problem, accelerator, precision)
    value, gradient = gpu.value_and_gradient(theta)
    exact_value, exact_gradient = land.value_and_gradient(theta)
    assert np.abs(value - exact_value).max() < tolerance
    assert np.abs(gradient - exact_gradient).max() < tolerance
    assert np.array_equal(gpu.value(theta), value)


@needs_compiler
@pytest.mark.parametrize("seed", range(40))
def test_kernels_equal_those_of_the_cpu(host, seed):
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(1, 8))
    circuit = random_circuit(rng, n_qubits, int(rng.integers(1, 25)))
    land = nc.Landscape(circuit, random_observable(rng, n_qubits, 5), random_center(rng, len(circuit.parameters)))
    check(land, rng.normal(size=(3, land.n_parameters)), *host)


@needs_compiler
def test_several_sums_of_partial_sums_and_several_groups(host):
    """More rotations than are summed together, and a local Hamiltonian of several groups with more pairs than threads."""
    rng = np.random.default_rng(1)
    deep = nc.Landscape(nc.ansatz.mhea(5, 12), nc.observables.heisenberg(5))
    check(deep, rng.normal(size=(2, deep.n_parameters)), *host)
    local = nc.Landscape(brickwork(12, 1), nc.observables.heisenberg(12))
    assert len(local.problem.groups) > 1
    check(local, rng.normal(size=(2, local.n_parameters)), *host)
    wide = nc.Landscape(nc.ansatz.mhea(16, 1), nc.observables.global_z(16))
    check(wide, rng.normal(size=(1, wide.n_parameters)), *host)


@needs_compiler
def test_little_memory_splits_the_batch_and_less_is_an_error(host, tmp_path):
    accelerator, precision = host
    land = nc.Landscape(nc.ansatz.mhea(6, 1), nc.observables.global_z(6))
    theta = np.random.default_rng(2).normal(size=(5, land.n_parameters))
    whole = GpuSweeps(land.problem, accelerator, precision).value_and_gradient(theta)[1]
    small = Host(tmp_path, precision, free=4 * 4 * 8 * 2**6)
    assert np.array_equal(GpuSweeps(land.problem, small, precision).value_and_gradient(theta)[1], whole)
    small.free = 100
    with pytest.raises(nc.ResourceError, match=r"2\*\*6 amplitudes and needs .* KiB; the GPU has 100 B free"):
        GpuSweeps(land.problem, small, precision).value(theta)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_on_a_gpu(precision):
    try:
        Cuda(precision)
    except nc.NearCliffordError as error:
        pytest.skip(f"not run: {error}")
    rng = np.random.default_rng(3)
    land = nc.Landscape(nc.ansatz.mhea(12, 3), nc.observables.heisenberg(12))
    check(land, rng.normal(size=(4, land.n_parameters)), Cuda(precision), precision)
    patch, backend = nc.Gaussian(0.1), nc.Statevector("GPU", precision)
    found = nc.gradient_statistics(land, patch, backend, samples=20, rng=1)
    exact = nc.gradient_statistics(land, patch, nc.Statevector(), samples=20, rng=1)
    assert abs(found.norm_squared / exact.norm_squared - 1) < 1e-4


def test_bad_arguments():
    with pytest.raises(nc.NearCliffordError, match="device is 'TPU'; expected one of 'auto', 'CPU', 'GPU'"):
        nc.Statevector("TPU")
    with pytest.raises(nc.NearCliffordError, match="precision is 'half'"):
        nc.Statevector("GPU", "half")
    with pytest.raises(nc.NearCliffordError, match="the CPU computes in 'double'"):
        nc.Statevector(precision="single")


def test_no_cupy_says_what_to_install():
    try:
        import cupy  # noqa: F401
    except ImportError:
        land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
        with pytest.raises(nc.NearCliffordError, match=r"pip install 'nearclifford\[cuda12\]' or 'nearclifford\[cuda13\]'"):
            nc.loss_statistics(land, nc.Gaussian(0.1), nc.Statevector("GPU"), samples=2)
    else:
        pytest.skip("CuPy is installed")
