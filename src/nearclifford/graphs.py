"""Graphs as edges of qubits with weights: read from lists and from graphs of rustworkx and NetworkX, or drawn at random."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import rustworkx

from nearclifford.arguments import LARGEST_COUNT, entries, integer, shown
from nearclifford.errors import ObservableError

EXAMPLE = "[(0, 1), (1, 2)], [(0, 1, 0.5)], a rustworkx.PyGraph or a networkx.Graph"


@dataclass(frozen=True)
class WeightedGraph:
    """An undirected graph on the nodes 0 to N - 1, without loops and with at most one edge for each pair.

    Attributes
    ----------
    n_nodes : N. edges : pairs of nodes, the smaller first. weights : one for each edge.
    """

    n_nodes: int
    edges: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]


def read_graph(graph: object) -> WeightedGraph:
    """Return the edges of a graph in any of its forms; an edge without a weight has the weight 1.

    Forms: a list of edges ``(i, j)`` or ``(i, j, weight)``, whose nodes are 0 to the largest that it names; a
    ``rustworkx.PyGraph``, whose weights are numbers, None, or dicts with the entry "weight"; a ``networkx.Graph``, whose
    weights are the attribute "weight". NetworkX is not imported.

    Raises `ObservableError` for a directed graph, nodes other than 0 to N - 1, and, by its name, for an edge that is no
    pair, joins a node to itself, is there twice, or has a weight that is no finite number.

    >>> read_graph([(1, 0), (1, 2, 0.5)])
    WeightedGraph(n_nodes=3, edges=((0, 1), (1, 2)), weights=(1.0, 0.5))
    """
    nodes, listed = _listed(graph)
    found: dict[tuple[int, int], float] = {}
    for first, second, weight in listed:
        pair = (min(first, second), max(first, second))
        if first == second:
            raise ObservableError(f"The edge ({first}, {second}) joins a node to itself; expected two different nodes.")
        if pair in found:
            raise ObservableError(f"The edge {pair} is there twice; expected each pair once: add its weights up.")
        found[pair] = _weight(weight, pair)
    n_nodes = nodes if nodes is not None else 1 + max((second for _, second in found), default=-1)
    if not found:
        raise ObservableError(f"graph has no edges; expected at least one, as in {EXAMPLE}.")
    return WeightedGraph(n_nodes, tuple(found), tuple(found.values()))


def random_regular_edges(n_nodes: int, degree: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return the edges of a random graph whose nodes all have ``degree`` edges, every such graph equally likely.

    The pairing model: the ends of the edges are paired at random until no pair is a loop and none is there twice. Of degree
    3, one pairing in e² = 7.4 is such a graph where N is large (Bollobás 1980). ``n_nodes * degree`` is even, and
    ``degree`` below ``n_nodes``.

    >>> sorted(random_regular_edges(4, 3, np.random.default_rng(1)))
    [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    """
    while True:
        ends = rng.permutation(np.repeat(np.arange(n_nodes), degree)).reshape(-1, 2)
        ends.sort(axis=1)
        pairs = set(map(tuple, ends.tolist()))
        if len(pairs) == len(ends) and (ends[:, 0] != ends[:, 1]).all():
            return sorted(pairs)


def _listed(graph: Any) -> tuple[int | None, list[tuple[int, int, Any]]]:
    """Return the number of nodes, None where edges alone are given, and the edges with their weights as they stand."""
    if isinstance(graph, rustworkx.PyGraph | rustworkx.PyDiGraph):
        _refuse_directed(isinstance(graph, rustworkx.PyDiGraph))
        size = _size(graph.node_indices())
        return size, [_edge(edge, size) for edge in graph.weighted_edge_list()]
    if hasattr(graph, "nodes") and hasattr(graph, "edges") and hasattr(graph, "is_directed"):  # of NetworkX
        _refuse_directed(graph.is_directed())
        size = _size(graph.nodes)
        return size, [_edge(edge, size) for edge in graph.edges(data="weight")]
    listed = entries(graph)
    if listed is None:
        raise ObservableError(f"graph is {shown(graph)}; expected edges, such as {EXAMPLE}.")
    return None, [_edge(edge, None) for edge in listed]


def _refuse_directed(directed: bool) -> None:
    if directed:
        raise ObservableError("graph is directed; expected an undirected one, such as graph.to_undirected().")


def _size(nodes: Iterable[object]) -> int:
    """Return N where the nodes are 0 to N - 1, in whatever order."""
    known = list(nodes)
    for node in known:
        if isinstance(node, bool) or not isinstance(node, int | np.integer) or not 0 <= node < len(known):
            raise ObservableError(
                f"graph has the node {shown(node)}; expected 0 to {len(known) - 1}, as its {len(known)} nodes are qubits. "
                "Number them first, as networkx.convert_node_labels_to_integers does."
            )
    return len(known)


def _edge(edge: object, size: int | None) -> tuple[int, int, Any]:
    parts = entries(edge)
    if parts is None or len(parts) not in (2, 3):
        raise ObservableError(f"The edge {shown(edge)} is no pair of nodes; expected (i, j) or (i, j, weight).")
    most, name = LARGEST_COUNT if size is None else size - 1, f"A node of the edge {shown(edge)}"
    first, second = (integer(node, name, 0, ObservableError, most=most) for node in parts[:2])
    return first, second, parts[2] if len(parts) == 3 else None


def _weight(weight: Any, pair: tuple[int, int]) -> float:
    given = weight.get("weight") if isinstance(weight, dict) else weight
    if given is None:
        return 1.0
    if isinstance(given, bool) or not isinstance(given, Real) or not math.isfinite(given):
        raise ObservableError(f"The edge {pair} has the weight {shown(given)}; expected a finite number, or none for 1.")
    return float(given)
