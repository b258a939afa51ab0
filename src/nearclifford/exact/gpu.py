"""The exact sweep on a GPU: the compressed rotations of the CPU, one launch a rotation, many thetas at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import thetas
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError, ResourceError
from nearclifford.exact.sweep import RotationList, list_rotations
from nearclifford.memory import in_words
from nearclifford.normal_form.problem import KNOW_NOISE, PauliProblem

Precision = Literal["single", "double"]
REAL: dict[str, tuple[str, type[np.floating[Any]]]] = {"single": ("float", np.float32), "double": ("double", np.float64)}
BLOCK = 128
# Threads of one theta, and so partial sums; rotations whose partial sums are added up together.
MOST_THREADS = 2**14
ROTATIONS_PER_SUM = 64


class Accelerator(Protocol):
    """Arrays and kernels of a device; `Cuda` is one, and the tests have one made of the host's compiler.

    Attributes
    ----------
    xp : a module like NumPy.
    """

    xp: Any

    def launch(self, kernel: str, grid: tuple[int, int], block: int, arguments: Sequence[Any]) -> None:
        """Run a kernel of ``kernels/sweep/sweep.cu`` on a grid of blocks."""
        ...

    def free_bytes(self) -> int:
        """Return the free memory of the device."""
        ...


class Cuda:
    """An NVIDIA GPU through CuPy."""

    def __init__(self, precision: Precision) -> None:
        try:
            import cupy
        except ImportError as error:
            raise NearCliffordError(
                "device is 'GPU', but CuPy is not installed. Install the one for the machine's CUDA, whose version "
                "nvidia-smi shows: pip install 'nearclifford[cuda12]' or 'nearclifford[cuda13]'. Or use device='CPU'."
            ) from error
        try:
            count = cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError as error:
            raise NearCliffordError(f"device is 'GPU', but CUDA reports: {error}. Use device='CPU'.") from error
        if not count:
            raise NearCliffordError("device is 'GPU', but CUDA reports no device. Use device='CPU'.")
        self.xp = cupy
        self.module = cupy.RawModule(code=source(), options=(f"-DREAL={REAL[precision][0]}",))

    def launch(self, kernel: str, grid: tuple[int, int], block: int, arguments: Sequence[Any]) -> None:
        """Run a kernel."""
        self.module.get_function(kernel)((*grid, 1), (block, 1, 1), tuple(arguments))

    def free_bytes(self) -> int:
        """Return the free memory of the current GPU."""
        return int(self.xp.cuda.runtime.memGetInfo()[0])


def has_gpu() -> bool:
    """Return whether CuPy is installed and finds a device."""
    try:
        import cupy

        return bool(cupy.cuda.runtime.getDeviceCount())
    except Exception:  # CuPy without a driver raises several kinds
        return False


def source() -> str:
    """Return the kernels, CUDA C++.

    >>> "__global__ void backward" in source()
    True
    """
    return (files("nearclifford.kernels.sweep") / "sweep.cu").read_text()


@dataclass(frozen=True, eq=False)
class GpuSweeps:
    """Exact values and gradients of a problem on an accelerator, an `Evaluator`; arguments and results are on the host."""

    problem: PauliProblem
    accelerator: Accelerator
    precision: Precision = "double"

    def __post_init__(self) -> None:
        self.problem.require_noiseless("An exact sweep", KNOW_NOISE)

    @cached_property
    def lists(self) -> tuple[RotationList, ...]:
        """The rotations of each group of terms."""
        active = self.problem.active_qubits
        needed = self._state_bytes(active)
        if (free := self.accelerator.free_bytes()) < needed:
            raise ResourceError(
                f"An exact gradient of this landscape runs over 2**{active} amplitudes and needs "
                f"{in_words(needed)}; the GPU has {in_words(free)} free. Use precision='single', or fewer qubits or layers."
            )
        return tuple(list_rotations(group, self.problem) for group in self.problem.groups)

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return self.problem.n_parameters

    def value(self, theta: npt.ArrayLike) -> np.float64 | Floats:
        """Return L: shape ``(..., D)`` to ``(...)``."""
        points = thetas(theta, self.n_parameters)
        return self._sweep(points.reshape(-1, self.n_parameters), False)[0].reshape(points.shape[:-1])[()]

    def gradient(self, theta: npt.ArrayLike) -> Floats:
        """Return ∂L/∂θ: shape ``(..., D)`` to ``(..., D)``."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: npt.ArrayLike) -> tuple[np.float64 | Floats, Floats]:
        """Return (L, ∂L/∂θ): shapes ``(...)`` and ``(..., D)``."""
        points = thetas(theta, self.n_parameters)
        value, by_angle = self._sweep(points.reshape(-1, self.n_parameters), True)
        gradient = self.problem.angle_map.to_parameters(by_angle)
        return value.reshape(points.shape[:-1])[()], gradient.reshape(points.shape)

    def _sweep(self, theta: Floats, backwards: bool) -> tuple[Floats, Floats]:
        angle = self.problem.angle_map.angles(theta)
        value, by_angle = np.zeros(len(angle)), np.zeros_like(angle)
        for listed in self.lists:
            turned = angle[:, listed.rotations]
            step = max(1, min(2**15, self.accelerator.free_bytes() // (2 * self._state_bytes(listed.n_bits))))
            for start in range(0, len(angle), step):
                rows = slice(start, start + step)
                sweep = _Sweep(listed, turned[rows], self.accelerator, REAL[self.precision][1])
                value[rows] += sweep.forward()
                if backwards:
                    by_angle[rows, listed.rotations] += sweep.backward()
        return value, by_angle

    def _state_bytes(self, n_bits: int) -> int:
        """Return the bytes of a state and its adjoint."""
        return 4 * np.dtype(REAL[self.precision][1]).itemsize * 2**n_bits


class _Sweep:
    """One batch of thetas on its way forwards and back."""

    def __init__(self, listed: RotationList, angle: Floats, accelerator: Accelerator, real: type[Any]) -> None:
        self.listed, self.accelerator, self.real, self.xp = listed, accelerator, real, accelerator.xp
        self.batch, self.count = angle.shape
        shape = (self.batch, 2 ** (listed.n_bits + 1))
        self.states, self.adjoints = self.xp.zeros(shape, real), self.xp.zeros(shape, real)
        self.states[:, 0] = 1
        half = np.ascontiguousarray(angle.T) / 2
        self.cosine, self.sine = (self.xp.asarray(turn(half).astype(real)) for turn in (np.cos, np.sin))
        threads = min(2 ** (listed.n_bits - 1), MOST_THREADS)
        self.block = min(threads, BLOCK)
        self.grid = (threads // self.block, self.batch)
        self.threads = threads

    def forward(self) -> Floats:
        """Apply the rotations and the observable; return the values."""
        for j in range(self.count):
            self._launch("forward", self.states, self.cosine[j], self.sine[j], *self._rotation(j))
        terms, partial = self.listed.terms, self.xp.zeros((self.batch, self.threads), self.real)
        tables = (terms.x, terms.start, terms.z, terms.weight.astype(self.real), terms.imaginary)
        sent = [self.xp.asarray(table) for table in tables]
        sizes = np.int32(self.listed.n_bits), np.int32(len(terms.x))
        self._launch("observe", self.states, self.adjoints, *sizes, *sent, partial)
        return self._host(partial.sum(axis=-1))

    def backward(self) -> Floats:
        """Undo the rotations; return ∂L/∂φ, shape ``(batch, n)``."""
        result = np.zeros((self.batch, self.count))
        for stop in range(self.count, 0, -ROTATIONS_PER_SUM):
            start = max(0, stop - ROTATIONS_PER_SUM)
            partial = self.xp.zeros((stop - start, self.batch, self.threads), self.real)
            for j in range(stop - 1, start - 1, -1):
                turn = self.cosine[j], self.sine[j]
                self._launch("backward", self.states, self.adjoints, *turn, *self._rotation(j), partial[j - start])
            result[:, start:stop] = self._host(partial.sum(axis=-1)).T
        return result

    def _rotation(self, j: int) -> tuple[Any, ...]:
        x, phase = int(self.listed.x[j]), self.listed.phase[j]
        top = max(x.bit_length() - 1, 0)
        return (
            np.int32(self.listed.n_bits), np.int32(top), np.uint64(x), np.uint64(self.listed.z[j]),
            self.real(phase.real), self.real(phase.imag),
        )  # fmt: skip

    def _launch(self, kernel: str, *arguments: Any) -> None:
        self.accelerator.launch(kernel, self.grid, self.block, arguments)

    def _host(self, array: Any) -> Floats:
        return np.asarray(array.get() if hasattr(array, "get") else array, dtype=np.float64)
