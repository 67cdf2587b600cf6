"""One pass over the data at a state of a chamber flow: moments of every pattern, and the data next to every wall.

A *key* is (codes of the L layers, bits of the preactivations that are zero, label): what all its data do is one affine
map. A *group* is (layer, component, side, codes of the layers before): its data share one affine function of θ up to a
constant each, and the |u| of a group order these. Of each group the pass returns the data within ``radius`` of their
wall, at least ``FEWEST`` and at most ``cap`` of them, the nearest first; of each key the sums of w, w(x − c) and
w(x − c)(x − c)ᵀ over all its data, exact (``exact_sums``), so that those of any part can be taken away again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from symflow.flow.streaming.exact_sums import sum_by_group
from symflow.flow.streaming.prefix_maps import GONE, preactivations, walls
from symflow.flow.streaming.sources import Block

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
FEWEST = 2
TRUNCATED, ACTIVE, ON = 0, 1, 2  # sides of a wall; data on it count as truncated


@dataclass(frozen=True, eq=False)
class Plan:
    """What a pass looks for, sent to all workers: see ``Census`` for what comes back.

    biases (L, Q), rotations (L, Q, Q); ``bound``: preactivations below are zero; ``speed`` (L·Q,) of θ, ``floor`` a
    least speed of a wall, ``reach`` a time: radius = reach · speed; ``cap`` as above. ``masses`` (K,) are the weights
    of a class where the data have none; ``center`` (Q,) c; ``sigma`` the scales of the sums.
    """

    biases: Floats
    rotations: Floats
    bound: float
    speed: Floats
    floor: float
    reach: float
    cap: int
    masses: Floats
    center: Floats
    sigma: Floats

    def __call__(self, block: Block) -> Census:
        """The task: one block."""
        return Counting(self, block).census()


@dataclass(frozen=True, eq=False)
class Census:
    """What a pass finds: P keys, G groups, E entries (a datum near a wall), n data that have entries.

    keys (P, 2L + 1), counts (P,), sums (LEVELS, P, M); groups (G, 3 + L), the codes filled up with −1, sizes (G,),
    radii (G,), caps (G,), nearest and farthest (G,) |u|; entry_group, entry_datum (E,) a row of the data,
    entry_distance; index (n,) number of the datum, rising, points, labels, weights, own (n, 2L + 1) its key.
    """

    keys: Integers
    counts: Integers
    sums: Floats
    groups: Integers
    sizes: Integers
    radii: Floats
    caps: Integers
    nearest: Floats
    farthest: Floats
    entry_group: Integers
    entry_datum: Integers
    entry_distance: Floats
    index: Integers
    points: Floats
    labels: Integers
    weights: Floats
    own: Integers


class Place(NamedTuple):
    """A group in a block: ``u`` of its rows, which begin at ``begin``, and the speed of its wall.

    ``gone``: whether u is the same for all its data, because the layers before have sent them to one point.
    """

    layer: int
    component: int
    side: int
    codes: list[int]
    begin: int
    u: Floats
    speed: float
    gone: bool


class Found(NamedTuple):
    """What a block says of a group."""

    name: list[int]
    size: int
    radius: float
    cap: int
    nearest: float
    farthest: float
    rows: NDArray[np.intp]
    distances: Floats


class Counting:
    """One block, its rows ordered by key, so that every key and every group is a range of rows."""

    def __init__(self, plan: Plan, block: Block) -> None:
        self.plan, self.first = plan, block.first
        assert block.labels is not None
        depth = len(plan.biases)
        *layers, _ = preactivations(block.points, plan.biases, plan.rotations)
        bits = 1 << np.arange(block.points.shape[1], dtype=np.int64)
        columns = [(u > plan.bound) @ bits for u in layers] + [(np.abs(u) <= plan.bound) @ bits for u in layers]
        names = np.column_stack([*columns, block.labels])
        self.order = lexicographic(names, len(bits))
        self.names = names[self.order]
        self.points, self.weights = block.points[self.order], block.masses(plan.masses)[self.order]
        self.labels, self.numbers = block.labels[self.order], block.first + self.order
        self.layers = [u[self.order] for u in layers]
        changes = self.names[1:] != self.names[:-1]
        self.starts = [starts_of(changes[:, :layer]) for layer in range(depth)]
        self.key_starts = starts_of(changes)

    def census(self) -> Census:
        """All of it."""
        found = [part for place in self._places() if (part := self._group(place)) is not None]
        sizes = np.array([len(part.rows) for part in found])
        kept, entry_datum = np.unique(self.numbers[np.concatenate([p.rows for p in found])], return_inverse=True)
        places = np.empty(len(self.order), dtype=np.int64)
        places[self.order] = np.arange(len(self.order))
        chosen = places[kept - self.first]
        starts = self.key_starts
        return Census(
            self.names[starts], np.diff(np.append(starts, len(self.names))),
            sum_by_group(moments(self.points, self.weights, self.plan.center), starts, self.plan.sigma),
            np.array([part.name for part in found]), np.array([part.size for part in found]),
            np.array([part.radius for part in found]), np.array([part.cap for part in found]),
            np.array([part.nearest for part in found]), np.array([part.farthest for part in found]),
            np.repeat(np.arange(len(found)), sizes), entry_datum, np.concatenate([part.distances for part in found]),
            kept, self.points[chosen], self.labels[chosen], self.weights[chosen], self.names[chosen],
        )  # fmt: skip

    def _places(self) -> Iterator[Place]:
        depth, width = self.plan.biases.shape
        for layer in range(depth):
            ends = np.append(self.starts[layer][1:], len(self.names))
            for begin, end in zip(self.starts[layer].tolist(), ends.tolist(), strict=True):
                codes = self.names[begin, :layer].tolist()
                rows, offsets = walls(self.plan.rotations, codes)
                speeds = rows @ self.plan.speed
                for k in range(width):
                    u = self.layers[layer][begin:end, k]
                    gone = bool(np.abs(offsets[k]).max() <= GONE)
                    for side in (TRUNCATED, ACTIVE, ON):
                        yield Place(layer, k, side, codes, begin, u, float(speeds[k]), gone)

    def _group(self, place: Place) -> Found | None:
        """The data of one group that are next to the wall; None if it has no data here."""
        plan, u = self.plan, place.u
        if place.side == ON:
            here = np.flatnonzero(np.abs(u) <= plan.bound)
        else:
            here = np.flatnonzero(u > plan.bound if place.side == ACTIVE else u < -plan.bound)
        if not len(here):
            return None
        distance = np.abs(u[here]) if place.side != ON else np.zeros(len(here))
        # The wall comes nearer to the active data while u falls, to the truncated ones while it rises.
        approach = -place.speed if place.side == ACTIVE else place.speed
        radius = plan.reach * max(approach, plan.floor)
        cap = most = FEWEST if place.gone else plan.cap
        near = np.flatnonzero(distance <= radius)
        if len(near) < FEWEST <= len(distance):
            near = np.flatnonzero(distance <= np.partition(distance, FEWEST - 1)[FEWEST - 1])
            most = FEWEST
        elif len(near) < FEWEST:
            near = np.arange(len(distance))
        if len(near) > most:
            near = near[np.lexsort((self.numbers[place.begin + here[near]], distance[near]))[:most]]
        name = [place.layer, place.component, place.side, *place.codes]
        name += [-1] * (3 + len(plan.biases) - len(name))
        low, high = float(distance.min()), float(distance.max())
        return Found(name, len(here), radius, cap, low, high, place.begin + here[near], distance[near])


def moments(points: Floats, weights: Floats, center: Floats) -> Floats:
    """(n, M): w, w(x − c) and the upper triangle of w(x − c)(x − c)ᵀ, row by row."""
    x = points - center
    upper = np.triu_indices(points.shape[1])
    first = weights[:, None] * x
    return np.column_stack([weights, first, first[:, upper[0]] * x[:, upper[1]]])


def merge(parts: Sequence[Census]) -> Census:
    """Of several censuses one; associative, and the same in whatever order the data come."""
    first = parts[0]
    if len(parts) == 1:
        return first
    keys, key_of = np.unique(np.concatenate([part.keys for part in parts]), axis=0, return_inverse=True)
    groups, group_of = np.unique(np.concatenate([part.groups for part in parts]), axis=0, return_inverse=True)
    key_of, group_of = key_of.reshape(-1), group_of.reshape(-1)
    counts, sizes = np.zeros(len(keys), dtype=np.int64), np.zeros(len(groups), dtype=np.int64)
    np.add.at(counts, key_of, np.concatenate([part.counts for part in parts]))
    np.add.at(sizes, group_of, np.concatenate([part.sizes for part in parts]))
    sums = np.zeros((first.sums.shape[0], len(keys), first.sums.shape[2]))
    for level in range(len(sums)):
        np.add.at(sums[level], key_of, np.concatenate([part.sums[level] for part in parts]))
    radii, caps = np.zeros(len(groups)), np.zeros(len(groups), dtype=np.int64)
    radii[group_of], caps[group_of] = _joined(parts, "radii"), _joined(parts, "caps")
    nearest, farthest = np.full(len(groups), np.inf), np.zeros(len(groups))
    np.minimum.at(nearest, group_of, _joined(parts, "nearest"))
    np.maximum.at(farthest, group_of, _joined(parts, "farthest"))
    # Entries by group, distance and number: the place within the group says who stays.
    base = np.cumsum([0, *(len(part.sizes) for part in parts)])
    entry_group = np.concatenate([group_of[b + part.entry_group] for b, part in zip(base[:-1], parts, strict=True)])
    distance = _joined(parts, "entry_distance")
    number = np.concatenate([part.index[part.entry_datum] for part in parts])
    order = np.lexsort((number, distance, entry_group))
    entry_group, distance, number = entry_group[order], distance[order], number[order]
    begins = np.searchsorted(entry_group, np.arange(len(groups)))
    rank = np.arange(len(entry_group)) - begins[entry_group]
    stays = (rank < caps[entry_group]) & ((rank < FEWEST) | (distance <= radii[entry_group]))
    entry_group, distance, number = entry_group[stays], distance[stays], number[stays]
    index, entry_datum = np.unique(number, return_inverse=True)
    everyone = _joined(parts, "index")
    by_number = np.argsort(everyone, kind="stable")
    chosen = by_number[np.searchsorted(everyone[by_number], index)]
    return Census(
        keys, counts, sums, groups, sizes, radii, caps, nearest, farthest, entry_group, entry_datum, distance, index,
        _joined(parts, "points")[chosen], _joined(parts, "labels")[chosen], _joined(parts, "weights")[chosen],
        _joined(parts, "own")[chosen],
    )  # fmt: skip


def _joined(parts: Sequence[Census], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])


def starts_of(changes: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where a new range of rows begins, from what changes between neighbours (n − 1, columns)."""
    return np.concatenate(([0], 1 + np.flatnonzero(changes.any(axis=1))))


def lexicographic(names: Integers, width: int) -> NDArray[np.intp]:
    """The order of the rows by column, the first one foremost: packed into one integer where that is possible."""
    spans = [width] * (names.shape[1] - 1) + [int(names[:, -1].max()).bit_length()]
    if sum(spans) > 62:
        return np.lexsort(names.T[::-1])
    packed = np.zeros(len(names), dtype=np.int64)
    for column, bits in zip(names.T, spans, strict=True):
        packed = (packed << bits) | column
    return np.argsort(packed, kind="stable")
