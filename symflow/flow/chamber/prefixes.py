"""Prefix patterns: what the first ℓ layers do to a point, as an affine function of the point and of all biases.

A node of level ℓ stands for the points with the same map z_ℓ = A x + B θ, θ the stacked biases (theory A3):

    A' = P A,   B' = P B - (1 - P) E_ℓ,   P = R_ℓᵀ H R_ℓ.

Different patterns may lead to the same map (a point that some layer sends to its apex -β_ℓ forgets all that came
before); such patterns share one node, so that exact ties are seen as ties.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.compiling import compiled
from symflow.network.arrays import Array

SAME = 1e-11  # maps with entries of order one that differ by less are one map


class Nodes(NamedTuple):
    """Arrays over nodes; ``capacity`` rows, of which the first ``used`` count."""

    level: Array  # (capacity,)
    A: Array  # (capacity, Q, Q)
    B: Array  # (capacity, Q, n): derivative of z_ℓ, or of the residual for the last level
    BtB: Array  # (capacity, n, n)
    BtA: Array  # (capacity, n, Q)
    rows: Array  # (capacity, Q, n): gradient of the preactivation k of the next layer by θ
    offsets: Array  # (capacity, Q, Q): its gradient by x
    children: Array  # (slots, 2): open addressing, key node·2^Q + pattern and node; key -1 for an empty slot


@compiled
def first_slot(key: int, slots: int) -> int:
    """Where the search for a key begins."""
    return (key ^ (key >> 7)) % slots


@compiled
def find_child(children: Array, key: int) -> int:
    """Node under a key, or -1."""
    slots = children.shape[0]
    slot = first_slot(key, slots)
    while children[slot, 0] != -1:
        if children[slot, 0] == key:
            return children[slot, 1]  # type: ignore[no-any-return]
        slot = (slot + 1) % slots
    return -1


class PrefixTable:
    """The nodes met so far; grows when a new pattern appears."""

    def __init__(self, rotations: Array, moving: bool) -> None:
        self.rotations = rotations
        self.moving = moving
        self.depth, self.width = rotations.shape[:2]
        self.size = (self.depth + int(moving)) * self.width  # n
        self.used = 0
        self.children_used = 0
        self.nodes = self._empty(32, 128)
        self._append(0, np.eye(self.width), np.zeros((self.width, self.size)))

    def child(self, node: int, pattern: Array) -> int:
        """The node after one more layer with the given pattern (Q,) of zeros and ones."""
        code = int((pattern.astype(np.int64) << np.arange(self.width)).sum())
        key = (node << self.width) | code
        found = int(find_child(self.nodes.children, key))
        if found >= 0:
            return found
        level = int(self.nodes.level[node])
        rotation = self.rotations[level]
        kept = pattern.astype(bool)
        if kept.all():
            A, B = self.nodes.A[node].copy(), self.nodes.B[node].copy()
        else:
            truncated = rotation[~kept].T @ rotation[~kept]
            if kept.any():
                A = self.nodes.A[node] - truncated @ self.nodes.A[node]
                B = self.nodes.B[node] - truncated @ self.nodes.B[node]
            else:
                A, B = np.zeros_like(self.nodes.A[node]), np.zeros_like(self.nodes.B[node])
                truncated = np.eye(self.width)
            B[:, level * self.width : (level + 1) * self.width] -= truncated
        if self.moving and level + 1 == self.depth:
            B[:, self.depth * self.width :] = np.eye(self.width)
        found = self._same(level + 1, A, B)
        if found < 0:
            found = self._append(level + 1, A, B)
        self._insert(key, found)
        return found

    def path(self, patterns: Array) -> list[int]:
        """Nodes of levels 0..L for the patterns (L, Q) of one point."""
        nodes = [0]
        for pattern in patterns:
            nodes.append(self.child(nodes[-1], pattern))
        return nodes

    def _same(self, level: int, A: Array, B: Array) -> int:
        used = slice(0, self.used)
        distance = np.abs(self.nodes.A[used] - A).max(axis=(1, 2)) + np.abs(self.nodes.B[used] - B).max(axis=(1, 2))
        matches = np.flatnonzero((distance < SAME) & (self.nodes.level[used] == level))
        return int(matches[0]) if matches.size else -1

    def _empty(self, capacity: int, slots: int) -> Nodes:
        Q, n = self.width, self.size
        return Nodes(
            np.zeros(capacity, dtype=np.int64), np.zeros((capacity, Q, Q)), np.zeros((capacity, Q, n)),
            np.zeros((capacity, n, n)), np.zeros((capacity, n, Q)), np.zeros((capacity, Q, n)),
            np.zeros((capacity, Q, Q)), np.full((slots, 2), -1, dtype=np.int64),
        )  # fmt: skip

    def _append(self, level: int, A: Array, B: Array) -> int:
        if self.used == self.nodes.level.size:
            larger = self._empty(2 * self.used, 1)
            for old, new in zip(self.nodes[:-1], larger[:-1], strict=True):
                new[: self.used] = old
            self.nodes = larger._replace(children=self.nodes.children)
        index, nodes = self.used, self.nodes
        nodes.level[index], nodes.A[index], nodes.B[index] = level, A, B
        nodes.BtB[index], nodes.BtA[index] = B.T @ B, B.T @ A
        if level < self.depth:
            moved = B.copy()
            moved[:, level * self.width : (level + 1) * self.width] += np.eye(self.width)
            nodes.rows[index], nodes.offsets[index] = self.rotations[level] @ moved, self.rotations[level] @ A
        self.used += 1
        return index

    def _insert(self, key: int, node: int) -> None:
        if 2 * self.children_used >= self.nodes.children.shape[0]:
            old = self.nodes.children
            self.nodes = self.nodes._replace(children=np.full((2 * old.shape[0], 2), -1, dtype=np.int64))
            self.children_used = 0
            for previous, value in old[old[:, 0] != -1]:
                self._insert(int(previous), int(value))
        children = self.nodes.children
        slot = first_slot(key, children.shape[0])
        while children[slot, 0] != -1:
            slot = (slot + 1) % children.shape[0]
        children[slot] = key, node
        self.children_used += 1
