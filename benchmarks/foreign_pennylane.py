"""Templates of PennyLane and circuits after its demonstrations, as functions of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml

Body = tuple[Callable[..., None], list[tuple[int, ...]], int, list[Any], Any]


def _mixed(n: int) -> None:
    for wire in range(n):
        qml.Hadamard(wires=wire)


def bodies() -> dict[str, Body]:
    """By name: function, shapes of its arguments, number of wires, fixed data, and Hamiltonian (None: an Ising chain)."""
    return {**_layers(), **_chemistry(), **_tensor_networks(), **_demonstrations()}


def _layers() -> dict[str, Body]:
    w = range(4)
    return {
        "StronglyEntanglingLayers": (lambda x: qml.StronglyEntanglingLayers(x, wires=w), [(2, 4, 3)], 4, [], None),
        "BasicEntanglerLayers": (lambda x: qml.BasicEntanglerLayers(x, wires=w), [(3, 4)], 4, [], None),
        "RandomLayers": (lambda x: qml.RandomLayers(x, wires=w, seed=3), [(2, 6)], 4, [], None),
        "SimplifiedTwoDesign": (lambda a, x: qml.SimplifiedTwoDesign(a, x, wires=w), [(4,), (2, 3, 2)], 4, [], None),
        "AngleEmbedding of data, StronglyEntanglingLayers": (_embedded, [(2, 4, 3)], 4, [np.linspace(0.2, 1.1, 4)], None),
        "IQPEmbedding of data, BasicEntanglerLayers": (_iqp, [(2, 4)], 4, [np.linspace(0.2, 1.1, 4)], None),
        "QAOAEmbedding of data": (
            lambda x, d: qml.QAOAEmbedding(d, x, wires=w),
            [(2, 8)],
            4,
            [np.linspace(0.2, 1.1, 4)],
            None,
        ),
    }


def _embedded(weights: Any, data: Any) -> None:
    qml.AngleEmbedding(data, wires=range(4), rotation="Y")
    qml.StronglyEntanglingLayers(weights, wires=range(4))


def _iqp(weights: Any, data: Any) -> None:
    qml.IQPEmbedding(data, wires=range(4))
    qml.BasicEntanglerLayers(weights, wires=range(4), rotation=qml.RY)


def _chemistry() -> dict[str, Body]:
    w, occupied = range(4), np.array([1, 1, 0, 0])
    singles, doubles = qml.qchem.excitations(2, 4)
    s_wires, d_wires = qml.qchem.excitations_to_wires(singles, doubles)

    def all_of_them(x: Any) -> None:
        qml.AllSinglesDoubles(x, wires=w, hf_state=occupied, singles=singles, doubles=doubles)

    def demo(x: Any) -> None:
        qml.BasisState(occupied, wires=w)
        qml.DoubleExcitation(x, wires=[0, 1, 2, 3])

    return {
        "UCCSD": (lambda x: qml.UCCSD(x, w, s_wires, d_wires, occupied), [(len(singles) + len(doubles),)], 4, [], None),
        "kUpCCGSD": (lambda x: qml.kUpCCGSD(x, wires=w, k=1, delta_sz=0, init_state=occupied), [(1, 6)], 4, [], None),
        "AllSinglesDoubles": (all_of_them, [(len(singles) + len(doubles),)], 4, [], None),
        "ParticleConservingU1": (
            lambda x: qml.ParticleConservingU1(x, wires=w, init_state=occupied), [(1, 3, 2)], 4, [], None,
        ),
        "ParticleConservingU2": (
            lambda x: qml.ParticleConservingU2(x, wires=w, init_state=occupied), [(1, 7)], 4, [], None,
        ),
        "GateFabric": (
            lambda x: qml.GateFabric(x, wires=w, init_state=occupied, include_pi=True), [(1, 1, 2)], 4, [], None,
        ),
        "VQE demo: double excitation of H2": (demo, [()], 4, [], _hydrogen()),
    }  # fmt: skip


def _hydrogen() -> Any:
    z, x, y = qml.Z, qml.X, qml.Y
    pairs = [0.1689, 0.1206, 0.1659, 0.1659, 0.1206, 0.1743]
    ends = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    flips = [y(0) @ x(1) @ x(2) @ y(3), y(0) @ y(1) @ x(2) @ x(3), x(0) @ x(1) @ y(2) @ y(3), x(0) @ y(1) @ y(2) @ x(3)]
    fields = [0.1712, 0.1712, -0.2228, -0.2228]
    strings = [*map(z, range(4)), *(z(a) @ z(b) for a, b in ends), *flips]
    return qml.dot([*fields, *pairs, 0.0453, -0.0453, -0.0453, 0.0453], strings)


def _block(weights: Any, wires: Any) -> None:
    qml.RY(weights[0], wires=wires[0])
    qml.RY(weights[1], wires=wires[1])
    qml.CNOT(wires=wires)


def _tensor_networks() -> dict[str, Body]:
    w = range(8)
    return {
        "MPS": (lambda x: qml.MPS(w, 2, _block, 2, x), [(7, 2)], 8, [], None),
        "TTN": (lambda x: qml.TTN(w, 2, _block, 2, x), [(7, 2)], 8, [], None),
        "MERA": (lambda x: qml.MERA(w, 2, _block, 2, x), [(qml.MERA.get_n_blocks(w, 2), 2)], 8, [], None),
    }


def _natural_gradient(x: Any) -> None:
    for wire, angle in enumerate((np.pi / 4, np.pi / 3, np.pi / 7)):
        qml.RY(angle, wires=wire)
    qml.RZ(x[0], wires=0)
    qml.RZ(x[1], wires=1)
    qml.CNOT(wires=[0, 1])
    qml.CNOT(wires=[1, 2])
    qml.RY(x[2], wires=1)
    qml.RX(x[3], wires=2)
    qml.CNOT(wires=[0, 1])
    qml.CNOT(wires=[1, 2])


def _barren(x: Any) -> None:
    gates = np.random.default_rng(4).choice(3, (2, 6))
    for wire in range(6):
        qml.RY(np.pi / 4, wires=wire)
    for layer in range(2):
        for wire in range(6):
            (qml.RX, qml.RY, qml.RZ)[gates[layer, wire]](x[layer, wire], wires=wire)
        for wire in range(5):
            qml.CZ(wires=[wire, wire + 1])


def _local_cost(x: Any) -> None:
    for wire in range(6):
        qml.RX(x[0, wire], wires=wire)
        qml.RY(x[1, wire], wires=wire)
    qml.broadcast(qml.CNOT, wires=range(6), pattern="chain") if hasattr(qml, "broadcast") else _chain(6)


def _chain(n: int) -> None:
    for wire in range(n - 1):
        qml.CNOT(wires=[wire, wire + 1])


def _reuploading(weights: Any, shifts: Any, data: Any) -> None:
    for layer in range(3):
        angles = weights[layer] * data + shifts[layer]
        qml.Rot(angles[0], angles[1], angles[2], wires=0)


def _max_cut(x: Any) -> None:
    _mixed(4)
    for layer in range(2):
        for a, b in ((0, 1), (0, 3), (1, 2), (2, 3)):
            qml.CNOT(wires=[a, b])
            qml.RZ(x[0, layer], wires=b)
            qml.CNOT(wires=[a, b])
        for wire in range(4):
            qml.RX(2 * x[1, layer], wires=wire)


def _qaoa_module(x: Any) -> None:
    graph_cost = qml.dot([0.5] * 4, [qml.Z(a) @ qml.Z(b) for a, b in ((0, 1), (0, 3), (1, 2), (2, 3))])
    mixer = qml.dot([1.0] * 4, [qml.X(k) for k in range(4)])
    _mixed(4)
    for layer in range(2):
        qml.qaoa.cost_layer(x[0, layer], graph_cost)
        qml.qaoa.mixer_layer(x[1, layer], mixer)


def _demonstrations() -> dict[str, Body]:
    every, z = qml.prod(*(qml.Z(k) for k in range(6))), qml.Z(0)
    return {
        "quantum natural gradient demo": (_natural_gradient, [(4,)], 3, [], qml.Y(0)),
        "barren plateaus demo": (_barren, [(2, 6)], 6, [], qml.Z(0) @ qml.Z(1)),
        "local cost functions demo, local": (_local_cost, [(2, 6)], 6, [], z),
        "local cost functions demo, global": (_local_cost, [(2, 6)], 6, [], every),
        "data re-uploading classifier demo": (_reuploading, [(3, 3), (3, 3)], 1, [np.array([0.3, 0.8, 0.0])], z),
        "QAOA MaxCut demo": (_max_cut, [(2, 2)], 4, [], None),
        "qml.qaoa layers": (_qaoa_module, [(2, 2)], 4, [], None),
    }
