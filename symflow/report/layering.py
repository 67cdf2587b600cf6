"""Layers for a drawing of a directed graph, after Sugiyama: longest paths, then barycentres.

Every node stands right of all that it rests on, one layer behind the last of them. Edges that pass over layers get a
waypoint in each, so that room is left for them; then the layers are ordered by the mean place of the neighbours, to
and fro, and the order with the fewest crossings is kept. Graphs of theorems are small and nearly trees: this is exact
enough, and a few dozen lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

_SWEEPS = 12


@dataclass(frozen=True)
class Waypoint:
    """The place where an edge passes a layer."""

    source: str
    target: str
    layer: int


Item = str | Waypoint
Pair = tuple[str, str]


@dataclass(frozen=True)
class Layers:
    """The layers from left to right, each from top to bottom, and the way of every edge through them."""

    items: tuple[tuple[Item, ...], ...]
    ways: Mapping[Pair, tuple[Item, ...]]


def in_layers(nodes: Sequence[str], edges: Iterable[Pair]) -> Layers:
    """Put nodes in layers; an edge that closes a cycle keeps its ends and gets no say.

    >>> layers = in_layers(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    >>> [len(layer) for layer in layers.items], len(layers.ways["a", "c"])
    ([1, 2, 1], 3)
    """
    pairs = list(dict.fromkeys(edge for edge in edges if edge[0] != edge[1]))
    forward = _without_cycles(nodes, pairs)
    depth = _longest_paths(nodes, forward)
    layers: list[list[Item]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in nodes:
        layers[depth[node]].append(node)
    ways: dict[Pair, tuple[Item, ...]] = {pair: pair for pair in pairs}
    for source, target in forward:
        points = [Waypoint(source, target, layer) for layer in range(depth[source] + 1, depth[target])]
        for point in points:
            layers[point.layer].append(point)
        ways[source, target] = (source, *points, target)
    segments = [segment for pair in forward for segment in pairwise(ways[pair])]
    return Layers(tuple(map(tuple, _fewest_crossings(layers, segments))), ways)


def _without_cycles(nodes: Sequence[str], edges: Sequence[Pair]) -> list[Pair]:
    """The edges that lead to a node finished earlier in a depth-first walk against the arrows."""
    sources: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        sources[target].append(source)
    finished: dict[str, int] = {}
    entered: set[str] = set()
    for start in nodes:
        stack = [(start, iter(sources[start]))] if start not in entered else []
        entered.add(start)
        while stack:
            node, rest = stack[-1]
            following = next((other for other in rest if other not in entered), None)
            if following is None:
                finished[node] = len(finished)
                stack.pop()
            else:
                entered.add(following)
                stack.append((following, iter(sources[following])))
    return [(source, target) for source, target in edges if finished[source] < finished[target]]


def _longest_paths(nodes: Sequence[str], edges: Sequence[Pair]) -> dict[str, int]:
    depth = dict.fromkeys(nodes, 0)
    for _ in nodes:  # at most as many rounds as a path has edges
        moved = False
        for source, target in edges:
            if depth[target] <= depth[source]:
                depth[target] = depth[source] + 1
                moved = True
        if not moved:
            break
    return depth


def _fewest_crossings(layers: Sequence[Sequence[Item]], segments: Sequence[tuple[Item, Item]]) -> list[list[Item]]:
    order = [list(layer) for layer in layers]
    best, fewest = [list(layer) for layer in order], crossings(order, segments)
    before: dict[Item, list[Item]] = {item: [] for layer in order for item in layer}
    after: dict[Item, list[Item]] = {item: [] for layer in order for item in layer}
    for source, target in segments:
        before[target].append(source)
        after[source].append(target)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        neighbours = before if sweep % 2 == 0 else after
        for layer in order if sweep % 2 == 0 else reversed(order):
            place = _places(order)
            centre = {
                item: sum(place[other] for other in neighbours[item]) / len(neighbours[item])
                if neighbours[item] else place[item]
                for item in layer
            }  # fmt: skip
            layer.sort(key=centre.__getitem__)
        count = crossings(order, segments)
        if count < fewest:
            best, fewest = [list(layer) for layer in order], count
    return best


def crossings(layers: Sequence[Sequence[Item]], segments: Sequence[tuple[Item, Item]]) -> int:
    """How many pairs of segments between the same two layers cross."""
    place = _places(layers)
    number = {item: k for k, layer in enumerate(layers) for item in layer}
    return sum(
        number[a] == number[c] and (place[a] - place[c]) * (place[b] - place[d]) < 0
        for (a, b), (c, d) in combinations(segments, 2)
    )


def _places(layers: Sequence[Sequence[Item]]) -> dict[Item, float]:
    """How far down each item stands in its layer, between 0 and 1."""
    return {item: (k + 0.5) / len(layer) for layer in layers for k, item in enumerate(layer)}
