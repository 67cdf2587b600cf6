"""Prefix patterns: what the first ℓ layers do to a point, as an affine function of the point and of all biases.

A node of level ℓ stands for the points with the same map z_ℓ = A x + B θ, θ the stacked biases (theory A3):

    A' = P A,   B' = P B - (1 - P) E_ℓ,   P = R_ℓᵀ H R_ℓ.

These lines, and those of the walls, are the proved ones of D1: see ``symflow.flow.equations``.

Different patterns may lead to the same map (a point that some layer sends to its apex -β_ℓ forgets all that came
before); such patterns share one node, so that exact ties are seen as ties.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.compiling import bundled, compiled, lean
from symflow.flow.equations import chamber_maps
from symflow.network.arrays import Array

FULL = -2
SAME = 1e-11  # maps with entries of order one that differ by less are one map

next_jacobian, next_point = compiled(chamber_maps.D1_next), compiled(chamber_maps.D1_next_point)
wall_normals, wall_offsets = lean(chamber_maps.D1_wall), lean(chamber_maps.D1_wall_point)
product, product_with_point = lean(chamber_maps.D1_product), lean(chamber_maps.D1_product_point)


@bundled
class Nodes(NamedTuple):
    """Arrays over nodes; ``capacity`` rows, of which the first ``used`` count."""

    level: Array  # (capacity,)
    A: Array  # (capacity, Q, Q)
    B: Array  # (capacity, Q, n): derivative of z_ℓ, or of the residual for the last level
    BtB: Array  # (capacity, n, n)
    BtA: Array  # (capacity, n, Q)
    rows: Array  # (capacity, Q, n): gradient of the preactivation k of the next layer by θ
    lengths: Array  # (capacity, Q): |row|
    offsets: Array  # (capacity, Q, Q): its gradient by x
    children: Array  # (slots, 2): open addressing, key node·2^Q + pattern and node; key -1 for an empty slot
    counts: Array  # (2,): nodes, children
    rotations: Array  # (L, Q, Q)
    shift: Array  # (Q, n) and
    kept: Array  # (Q,): room


@lean
def first_slot(key: int, slots: int) -> int:
    """Where the search for a key begins."""
    return (key ^ (key >> 7)) % slots


@lean
def find_child(children: Array, key: int) -> int:
    """Node under a key, or -1."""
    slots = children.shape[0]
    slot = first_slot(key, slots)
    while children[slot, 0] != -1:
        if children[slot, 0] == key:
            return children[slot, 1]  # type: ignore[no-any-return]
        slot = (slot + 1) % slots
    return -1


@lean
def keep_child(children: Array, key: int, node: int) -> None:
    """Write a node under a key; there is room."""
    slots = children.shape[0]
    slot = first_slot(key, slots)
    while children[slot, 0] != -1:
        slot = (slot + 1) % slots
    children[slot, 0], children[slot, 1] = key, node


@lean
def write_shift(layer: int, shift: Array) -> None:
    """Fill in E_ℓ (Q, n), which picks out the bias of a layer: β_ℓ = E_ℓ θ."""
    width = shift.shape[0]
    shift[:] = 0.0
    for k in range(width):
        shift[k, layer * width + k] = 1.0


@lean
def write_map(nodes: Nodes, place: int, parent: int, code: int) -> None:
    """Fill in level, A and B of a place with the map after one more layer with the pattern ``code``."""
    depth, width = nodes.rotations.shape[0], nodes.rotations.shape[1]
    n, level = nodes.B.shape[2], nodes.level[parent]
    nodes.level[place] = level + 1
    if code == 0:  # all goes to the apex, z = -β: no rest of the old map may stay behind as roundoff
        nodes.A[place] = 0.0
        nodes.B[place] = 0.0
        for k in range(width):
            nodes.B[place, k, level * width + k] = -1.0
    else:
        write_shift(level, nodes.shift)
        for k in range(width):
            nodes.kept[k] = (code >> k) & 1
        next_point(nodes.A[parent], nodes.rotations[level], nodes.kept, nodes.A[place])
        next_jacobian(nodes.B[parent], nodes.rotations[level], nodes.kept, nodes.shift, nodes.B[place])
    if n > depth * width and level + 1 == depth:
        for k in range(width):
            nodes.B[place, k, depth * width + k] = 1.0


@lean
def write_products(nodes: Nodes, place: int) -> None:
    """Fill in what follows from A and B of a place: BᵀB, BᵀA, and the walls of the next layer."""
    depth, width = nodes.rotations.shape[0], nodes.rotations.shape[1]
    n, level = nodes.B.shape[2], nodes.level[place]
    product(nodes.B[place], nodes.BtB[place])
    product_with_point(nodes.B[place], nodes.A[place], nodes.BtA[place])
    if level == depth:
        return
    write_shift(level, nodes.shift)
    wall_normals(nodes.rotations[level], nodes.B[place], nodes.shift, nodes.rows[place])
    wall_offsets(nodes.rotations[level], nodes.A[place], nodes.offsets[place])
    for k in range(width):
        total = 0.0
        for column in range(n):
            total += nodes.rows[place, k, column] * nodes.rows[place, k, column]
        nodes.lengths[place, k] = math.sqrt(total)


@lean
def same_map(nodes: Nodes, place: int) -> int:
    """The node before a place that has the same level and the same map; the place itself if there is none."""
    for other in range(place):
        if nodes.level[other] != nodes.level[place]:
            continue
        distance = 0.0
        for row in range(nodes.A.shape[1]):
            for column in range(nodes.A.shape[2]):
                distance = max(distance, abs(nodes.A[other, row, column] - nodes.A[place, row, column]))
            for column in range(nodes.B.shape[2]):
                distance = max(distance, abs(nodes.B[other, row, column] - nodes.B[place, row, column]))
        if distance < SAME:
            return other
    return place


@lean
def known_child(nodes: Nodes, node: int, code: int) -> int:
    """The node after one more layer with the pattern ``code``, or -1 if it has not been made yet."""
    return find_child(nodes.children, (node << nodes.rotations.shape[1]) | code)


@lean
def child_of(nodes: Nodes, node: int, code: int) -> int:
    """The node after one more layer with the pattern ``code``, made if it is new; FULL if there is no room for it."""
    found = known_child(nodes, node, code)
    if found >= 0:
        return found
    key = (node << nodes.rotations.shape[1]) | code
    place = nodes.counts[0]
    if place == nodes.level.size or 2 * nodes.counts[1] >= nodes.children.shape[0]:
        return FULL
    write_map(nodes, place, node, code)
    found = same_map(nodes, place)
    if found == place:
        write_products(nodes, place)
        nodes.counts[0] = place + 1
    keep_child(nodes.children, key, found)
    nodes.counts[1] += 1
    return found


class PrefixTable:
    """The nodes met so far; grows when a new pattern appears."""

    def __init__(self, rotations: Array, moving: bool) -> None:
        self.depth, self.width = rotations.shape[:2]
        self.size = (self.depth + int(moving)) * self.width  # n
        self.nodes = self._empty(64, 256, np.ascontiguousarray(rotations))
        self.nodes.A[0] = np.eye(self.width)
        write_products(self.nodes, 0)
        self.nodes.counts[0] = 1

    @property
    def used(self) -> int:
        """How many nodes there are."""
        return int(self.nodes.counts[0])

    def child(self, node: int, pattern: Array) -> int:
        """The node after one more layer with the given pattern (Q,) of zeros and ones."""
        code = int((pattern.astype(np.int64) << np.arange(self.width)).sum())
        found = int(child_of(self.nodes, node, code))
        while found == FULL:
            self.make_room(1)
            found = int(child_of(self.nodes, node, code))
        return found

    def path(self, patterns: Array) -> list[int]:
        """Nodes of levels 0..L for the patterns (L, Q) of one point."""
        nodes = [0]
        for pattern in patterns:
            nodes.append(self.child(nodes[-1], pattern))
        return nodes

    def make_room(self, more: int) -> None:
        """Room for so many further nodes and children."""
        old, capacity, slots = self.nodes, self.nodes.level.size, self.nodes.children.shape[0]
        while self.used + more > capacity:
            capacity *= 2
        while 2 * (int(old.counts[1]) + more) > slots:
            slots *= 2
        if (capacity, slots) == (old.level.size, old.children.shape[0]):
            return
        self.nodes = self._empty(capacity, slots, old.rotations)
        for name in ("level", "A", "B", "BtB", "BtA", "rows", "lengths", "offsets"):
            getattr(self.nodes, name)[: old.level.size] = getattr(old, name)
        self.nodes.counts[:] = old.counts
        for key, node in old.children[old.children[:, 0] != -1]:
            keep_child(self.nodes.children, key, node)

    def _empty(self, capacity: int, slots: int, rotations: Array) -> Nodes:
        Q, n = self.width, self.size
        return Nodes(
            np.zeros(capacity, dtype=np.int64), np.zeros((capacity, Q, Q)), np.zeros((capacity, Q, n)),
            np.zeros((capacity, n, n)), np.zeros((capacity, n, Q)), np.zeros((capacity, Q, n)),
            np.zeros((capacity, Q)), np.zeros((capacity, Q, Q)), np.full((slots, 2), -1, dtype=np.int64),
            np.zeros(2, dtype=np.int64), rotations, np.zeros((Q, n)), np.zeros(Q),
        )  # fmt: skip
