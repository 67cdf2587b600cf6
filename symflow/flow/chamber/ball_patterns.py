"""The data with their patterns in balls: maps of every prefix, and H and c of the chamber, kept up to date.

Under a prefix of a pattern z_ℓ = A x + B θ (theory A3, D1); the maps of a prefix, the gradients of the walls behind it
and the products BᵀB of a whole pattern are computed when the prefix first occurs, and kept. A datum that changes its
pattern changes H and c by two summands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import flint

from symflow.flow.chamber.ball_bounds import column_of, identity, norm
from symflow.flow.chamber.ball_flow import BallFunction
from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.chamber.trajectory import PatternChange, SlidingWall
from symflow.network.arrays import Array

Entries = tuple[int, ...]


@dataclass(slots=True, eq=False)
class BallNode:
    """A prefix of a pattern: z = A x + B θ behind it."""

    level: int
    A: Any
    B: Any
    spread: Any = None  # R A: the part of the next preactivations in x
    rows: list[Any] = field(default_factory=list)  # their gradients by θ, each (1, n),
    sizes: list[float] = field(default_factory=list)  # and bounds of their lengths
    blind: list[bool] = field(default_factory=list)  # where they do not depend on x at all
    point: bool = False  # whether none of them does: all that comes here is at one point
    pull: Any = None  # Bᵀ of the residual of a whole pattern,
    gram: Any = None  # and BᵀB
    children: dict[Entries, BallNode] = field(default_factory=dict)
    slot: int = -1  # a number for each of its preactivations: this and the next ones

    def force(self, x: Any, target: Any) -> Any:
        """What data of a whole pattern with these Σ w x and Σ w y add to c."""
        return self.pull * (target - self.A * x)


class BallPatterns:
    """Patterns of all data, and the force c - Hθ that follows from them."""

    def __init__(self, problem: FlowProblem, active: Array) -> None:
        self.problem = problem
        self.depth, self.width = problem.biases.shape
        self.n = int(problem.start.size)
        self.rotations = [orthogonal(rotation) for rotation in problem.rotations]
        self.points, self.targets = problem.points.tolist(), problem.targets.tolist()
        self.weights = problem.weights.tolist()
        self.patterns: list[list[Entries]] = [  # of each datum, layer by layer
            [tuple(entries) for entries in pattern] for pattern in active.transpose(1, 0, 2).astype(int).tolist()
        ]
        self.slots = 0
        self.collapsed: dict[int, BallNode] = {}
        self.root = self._node(0, identity(self.width), flint.arb_mat(self.width, self.n))
        self.paths = [self.path(pattern) for pattern in self.patterns]
        self.moves: dict[tuple[BallNode, BallNode, float], Any] = {}  # by how much a datum of a weight has changed H
        self.H, self.c = flint.arb_mat(self.n, self.n), flint.arb_mat(self.n, 1)
        leaves: dict[int, list[int]] = {}
        for i, path in enumerate(self.paths):
            leaves.setdefault(id(path[-1]), []).append(i)
        for members in leaves.values():
            leaf = self.paths[members[0]][-1]
            total, moment, target = self.sums(members)
            self.H += leaf.gram * total
            self.c += leaf.force(moment, target)

    def path(self, pattern: list[Entries]) -> list[BallNode]:
        """The nodes of all prefixes of a pattern, from the empty one on."""
        nodes = [self.root]
        for entries in pattern:
            nodes.append(self.child(nodes[-1], entries))
        return nodes

    def point(self, i: int) -> Any:
        """x of a datum."""
        return column_of(self.points[i])

    def change(self, changes: tuple[PatternChange, ...]) -> None:
        """Change entries of patterns."""
        for i, pattern in self.changed(changes).items():
            old = self.paths[i][-1]
            self.patterns[i], self.paths[i] = pattern, self.path(pattern)
            new, x, weight = self.paths[i][-1], self.point(i), flint.arb(self.weights[i])
            target = column_of(self.targets[i])
            move = old, new, self.weights[i]
            if move not in self.moves:
                self.moves[move] = (new.gram - old.gram) * weight
            self.H += self.moves[move]
            self.c += (new.force(x, target) - old.force(x, target)) * weight

    def changed(self, changes: tuple[PatternChange, ...]) -> dict[int, list[Entries]]:
        """What the patterns become, by datum."""
        patterns: dict[int, list[Entries]] = {}
        for change in changes:
            pattern = patterns.setdefault(change.datum, list(self.patterns[change.datum]))
            layer = list(pattern[change.layer - 1])
            layer[change.component] = int(change.active)
            pattern[change.layer - 1] = tuple(layer)
        return patterns

    def wall(self, i: int, layer: int, k: int) -> BallFunction:
        """The preactivation of a datum under its pattern; layer from 0."""
        node = self.paths[i][layer]
        spread, offset = node.spread, flint.arb(0)
        for column, value in enumerate(self.points[i]):
            offset += spread[k, column] * value
        return BallFunction(node.rows[k], offset, node.sizes[k])

    def kept(self, i: int, layer: int, k: int) -> BallFunction:
        """The same with the sign that keeps it positive."""
        function = self.wall(i, layer, k)
        return function if self.patterns[i][layer][k] else function.negative()

    def same_wall(self, i: int, layer: int, k: int) -> tuple[Any, ...]:
        """A key that is equal for data only if their preactivations are the same function of θ, with the same sign."""
        node, side = self.paths[i][layer], self.patterns[i][layer][k]
        return (node.slot, k, side) if node.blind[k] else (node.slot, k, side, *self.points[i])

    def jump(self, wall: SlidingWall, row: Any) -> tuple[Any, Any]:
        """d of a sliding wall, (row, offset): see ``walls``."""
        length = (row * row.transpose())[0, 0]
        total, value = flint.arb_mat(1, self.n), flint.arb(0)
        alike: dict[tuple[Entries, ...], list[int]] = {}
        for i in wall.data:
            alike.setdefault(tuple(self.patterns[i]), []).append(i)
        for kind, members in alike.items():
            pattern = list(kind)
            entries = list(pattern[wall.layer - 1])
            entries[wall.component] = 1
            pattern[wall.layer - 1] = tuple(entries)
            off, on = self.paths[members[0]][-1], self.path(pattern)[-1]
            weight, moment, target = self.sums(members)
            direction = row * (on.pull - off.pull) / length
            total += direction * weight * off.pull.transpose()
            value += (direction * (off.A * moment - target))[0, 0]
        return total, value

    def sums(self, members: list[int]) -> tuple[Any, Any, Any]:
        """Σ w, Σ w x, Σ w y of some data."""
        weights = flint.arb_mat([[self.weights[i] for i in members]])
        moment, target = (
            (weights * flint.arb_mat([given[i] for i in members])).transpose() for given in (self.points, self.targets)
        )
        return (weights * flint.arb_mat([[1]] * len(members)))[0, 0], moment, target

    def child(self, node: BallNode, entries: Entries) -> BallNode:
        """The node behind."""
        return node.children.get(entries) or self._child(node, entries)

    def _child(self, node: BallNode, entries: Entries) -> BallNode:
        """A new node behind; where all is truncated it is the same for all prefixes, since z_ℓ = -β_ℓ (theory C6)."""
        if not any(entries) and node.level in self.collapsed:
            node.children[entries] = self.collapsed[node.level]
            return node.children[entries]
        rotation = self.rotations[node.level]
        kept = [[rotation[k, column] for column in range(self.width)] for k, entry in enumerate(entries) if entry]
        P = flint.arb_mat(self.width, self.width)
        if kept:
            rows = flint.arb_mat(kept)
            P = rows.transpose() * rows
        B = P * node.B - (identity(self.width) - P) * self._block(node.level)
        child = self._node(node.level + 1, P * node.A, B)
        node.children[entries] = child
        if not any(entries):
            self.collapsed[node.level] = child
        return child

    def _node(self, level: int, A: Any, B: Any) -> BallNode:
        node = BallNode(level, A, B)
        if level < self.depth:
            rotation = self.rotations[level]
            node.spread = rotation * A
            rows = rotation * (B + self._block(level))
            node.rows = [flint.arb_mat([[rows[k, j] for j in range(self.n)]]) for k in range(self.width)]
            node.sizes = [norm(row.transpose()) for row in node.rows]
            node.blind = [all(node.spread[k, j] == 0 for j in range(self.width)) for k in range(self.width)]
            node.point = all(node.blind)
            node.slot, self.slots = self.slots, self.slots + self.width
        else:
            residual = B + self._block(level) if self.problem.moving else B
            node.pull = residual.transpose()
            node.gram = node.pull * residual
        return node

    def _block(self, layer: int) -> Any:
        """E_ℓ: the bias of a layer within θ."""
        result = flint.arb_mat(self.width, self.n)
        for k in range(self.width):
            result[k, layer * self.width + k] = flint.arb(1)
        return result


def orthogonal(rotation: Array) -> Any:
    """The orthogonal matrix next to a float one, as balls: its polar factor.

    Newton's iteration X (3 - XᵀX)/2 converges to the polar factor. Where |XᵀX - 1| <= ε < 1 in the Frobenius norm, X is
    within ε of it, since its singular values are within ε of 1.
    """
    n = rotation.shape[0]
    X, one = flint.arb_mat(rotation.tolist()), identity(n)
    for _ in range(60):
        defect = X.transpose() * X - one
        size = sum(float(abs(entry).upper()) for entry in defect.entries())
        if size < 2.0 ** (8 - flint.ctx.prec) * n * n:
            break
        X = (X * (one * 3 - X.transpose() * X) * flint.arb(0.5)).mid()
    if size == 0.0:
        return X
    around = flint.arb(0, 2.0 * size)
    return flint.arb_mat([[X[row, column] + around for column in range(n)] for row in range(n)])
