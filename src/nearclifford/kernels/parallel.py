"""Kernels of several threads, wherever threads are safe: the one file that knows of forks and of Numba's threading layers.

Two things would kill or hang the process. A child forked after the threads have started has none of them, and GNU OpenMP
ends it at the first parallel loop: there the serial twin of a kernel runs, which gives the same bits, since no result
depends on the number of threads. And Numba's own layer, ``workqueue``, aborts where two Python threads enter a parallel
loop at once: there they take turns. A call passes through two Python functions for this, 0.1 µs.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeAlias

import numba
from numba import njit
from numba.core.compiler_lock import global_compiler_lock

Kernel: TypeAlias = Callable[..., Any]

# Several Python threads may be inside parallel loops of these layers at once.
THREAD_SAFE_LAYERS = frozenset({"omp", "tbb"})


def parallel_kernel(function: Kernel) -> Kernel:
    """Return a kernel over several threads; its twin on one thread is compiled where it is first needed."""
    return with_serial_twin(njit(cache=True)(_twin_of(function)))(njit(cache=True, parallel=True)(function))


def with_serial_twin(serial: Kernel) -> Callable[[Kernel], Kernel]:
    """Return a decorator of a kernel over several threads, for which ``serial`` stands in on one: the same bits.

    >>> with_serial_twin(sum)(max)([1, 2])
    2
    """

    def decorated(threaded: Kernel) -> Kernel:
        @functools.wraps(threaded, updated=())
        def kernel(*arguments):
            return _run(threaded, serial, arguments)

        return kernel

    return decorated


def _twin_of(function: Kernel) -> Kernel:
    """Return the same function by another name, by which alone Numba tells the files of its cache apart."""
    name = f"{function.__name__}_serial"
    twin = FunctionType(function.__code__, function.__globals__, name, function.__defaults__, function.__closure__)
    twin.__qualname__ = f"{function.__qualname__}_serial"
    return twin


def _at_first(threaded: Kernel, serial: Kernel, arguments: tuple) -> Any:
    """Start the threads, which settles the layer, and how this process runs kernels from now on."""
    global _run
    numba.get_num_threads()
    _run = _together if numba.threading_layer() in THREAD_SAFE_LAYERS else _in_turn
    return _run(threaded, serial, arguments)


def _together(threaded: Kernel, serial: Kernel, arguments: tuple) -> Any:
    return threaded(*arguments)


def _in_turn(threaded: Kernel, serial: Kernel, arguments: tuple) -> Any:
    with _turn:
        return threaded(*arguments)


def _serially(threaded: Kernel, serial: Kernel, arguments: tuple) -> Any:
    return serial(*arguments)


def _after_fork() -> None:
    """Let a child run serial kernels if the threads had started, by whomever: they are the parent's."""
    global _run
    global_compiler_lock.release()
    try:
        numba.threading_layer()
    except ValueError:
        return
    _run = _serially


# How this process runs kernels. That a process was forked is a fact about the whole process, and so is its threading
# layer; no object that a caller holds could know it.
_run: Callable[[Kernel, Kernel, tuple], Any] = _at_first
_turn = threading.Lock()

# A fork waits for kernels that other threads compile: their lock would stay closed in the child for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=global_compiler_lock.acquire, after_in_parent=global_compiler_lock.release, after_in_child=_after_fork
    )
