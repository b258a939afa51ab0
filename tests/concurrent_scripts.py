"""Scripts for a process of its own: ``python concurrent_scripts.py NAME`` says "equal" if every process and thread agree."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numba
import numpy as np
from numba import prange

import nearclifford as nc
from nearclifford.kernels.parallel import parallel_kernel

LAND = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3))
ONE_TERM = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
WIDE = nc.Landscape(nc.ansatz.mhea(15, 1), nc.observables.global_z(15))
PATCH = nc.Gaussian(0.3)


def digest(seed: int) -> str:
    """The bits of something from every kernel of several threads."""
    theta = np.random.default_rng(seed).normal(size=(20, 12))
    paths, taylor = nc.surrogate(LAND, 2, progress=False), nc.surrogate(LAND, 3, kind="taylor", progress=False)
    numbers = [*LAND.value_and_gradient(theta), LAND.value(theta)]
    numbers += [*WIDE.value_and_gradient(np.tile(theta[0], 5)), WIDE.value(np.tile(theta[1], 5))]
    for polynomial in (paths, taylor):
        numbers += [*polynomial.value_and_gradient(theta), polynomial.value(theta)]
    numbers.append(taylor.hessian(theta[0]))
    for land in (LAND, ONE_TERM):
        gradient = nc.gradient_statistics(land, PATCH, nc.Stabilizer(), samples=512, rng=seed)
        loss = nc.loss_statistics(land, PATCH, nc.Stabilizer(), samples=512, rng=seed)
        curve = nc.surrogate_error_curve(land, PATCH, orders=[1, 2], samples=512, rng=seed)
        numbers += [gradient.mean, gradient.second_moment, loss.mean, loss.second_moment, curve.rms_error]
    return hashlib.sha256(b"".join(np.asarray(number).tobytes() for number in numbers)).hexdigest()


def from_child(work: Callable[[], str]) -> str:
    """What the work gives in a process forked from here."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, work().encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as answer:
        found = answer.read()
    assert os.waitpid(child, 0)[1] == 0
    return found


def pool() -> bool:
    wanted = [digest(seed) for seed in range(4)]
    with multiprocessing.get_context("fork").Pool(2) as workers:
        return workers.map(digest, range(4)) == wanted


def executor() -> bool:
    wanted = [digest(seed) for seed in range(4)]
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as workers:
        return list(workers.map(digest, range(4))) == wanted


def nested() -> bool:
    wanted = digest(0)
    return from_child(lambda: digest(0) + from_child(lambda: digest(0))) == 2 * wanted


def before_any_kernel() -> bool:
    def child() -> str:
        own = digest(0)
        return own + from_child(lambda: digest(0))

    found = from_child(child)
    return found == 2 * digest(0)


def number_of_threads() -> bool:
    wanted = digest(0)
    numba.set_num_threads(1)

    def child() -> str:
        assert numba.get_num_threads() == 1
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
        assert numba.get_thread_id() == 0
        with ThreadPoolExecutor(2) as threads:
            return "".join(threads.map(digest, [0, 0]))

    return from_child(child) == 2 * wanted


def other_kernels() -> bool:
    """The threads were started by a kernel that is not the package's."""

    @numba.njit(parallel=True)
    def halves(numbers):
        for i in prange(len(numbers)):
            numbers[i] /= 2

    halves(np.ones(10))
    return from_child(lambda: digest(0)) == digest(0)


def while_running() -> bool:
    wanted, stop = digest(0), threading.Event()

    def run() -> None:
        theta = np.zeros((200, 12))
        while not stop.is_set():
            LAND.gradient(theta)

    thread = threading.Thread(target=run)
    thread.start()
    found = [from_child(lambda: digest(0)) for _ in range(3)]
    stop.set()
    thread.join()
    return found == [wanted] * 3


@parallel_kernel
def squares(numbers):
    for i in prange(len(numbers)):
        numbers[i] = np.sort(np.arange(numbers[i]))[-1] ** 2


def while_compiling() -> bool:
    """A fork in the middle of a compilation, whose lock the child would find closed."""

    def squared() -> str:
        numbers = np.arange(5.0, 9.0)
        squares(numbers)
        return str(numbers.tolist())

    numba.get_num_threads()
    thread = threading.Thread(target=squared)
    thread.start()
    time.sleep(0.3)
    assert not squares.__wrapped__.signatures, "compiled before the fork"
    found = from_child(squared)
    thread.join()
    return found == squared() == "[16.0, 25.0, 36.0, 49.0]"


def threads() -> bool:
    """Six threads at once, which make the first calls too."""
    start = threading.Barrier(6)

    def together(seed: int) -> str:
        start.wait()
        return digest(seed)

    with ThreadPoolExecutor(6) as six:
        cold, warm = list(six.map(together, range(6))), list(six.map(together, range(6)))
    return cold == warm == [digest(seed) for seed in range(6)]


if __name__ == "__main__":
    same = globals()[sys.argv[1]]()
    print(numba.threading_layer(), "equal" if same else "not equal")
