"""Data that slide in two layers at once: there the jumps do not add, and the shares fill a polygon instead of a box.

Let a datum have u_1 = 0 in one layer and u_2 = 0 in a later one. On the active side of the first wall its second
preactivation is u_2 + c u_1: the second wall bends at the first. Clarke's inclusion at the intersection is the convex
hull of the gradients of the regions that meet there. In the coordinates of the two normals these are points m_v(θ),
affine in θ, and the flow stays on both walls as long as the multipliers μ(θ) lie in their hull. Its edges are among the
lines through two of the points, so that the exit is a first root of

    f = det(m_q - m_p, μ - m_p),

again a sum of exponentials along the sliding flow. Three or more walls coupled like that are left unresolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from symflow.flow.chamber.exponentials import first_root, leave_zero
from symflow.flow.chamber.prefixes import PrefixTable
from symflow.flow.chamber.tolerances import FLAT_VALUE
from symflow.flow.chamber.walls import Choice, DataClass, Slide, walls_of
from symflow.network.arrays import Array

ON_THE_EDGE = 1e-10  # share of the polygon's size below which the first derivative decides


@dataclass(frozen=True, slots=True)
class Polygon:
    """Two sliding walls that some data share: μ and the points m_v, affine in θ."""

    share: Array  # (2, n)
    share_value: Array  # (2,)
    corner: Array  # (V, 2, n)
    corner_value: Array  # (V, 2)

    def values(self, theta: Array) -> tuple[Array, Array]:
        """μ (2,) and m (V, 2) at a state."""
        return self.share @ theta + self.share_value, self.corner @ theta + self.corner_value

    def slopes(self, velocity: Array) -> tuple[Array, Array]:
        """Their derivatives along a velocity."""
        return self.share @ velocity, self.corner @ velocity

    def holds(self, theta: Array, velocity: Array, second: Array) -> bool | None:
        """Whether μ is in the hull and stays there for a while, given θ' and θ''; None where roundoff hides it.

        On an edge the first derivative that does not vanish decides, and a μ that stays on the edge is at rest there.
        """
        point, corners = self.values(theta)
        size = float(np.abs(corners - corners.mean(axis=0)).max())
        moves, bends = self.slopes(velocity), self.slopes(second)
        pace = float(max(np.abs(part).max() for part in (*moves, *bends)))
        scale = float(max(np.abs(point).max(), np.abs(corners).max()))
        edges, doubt = 0, False
        for p, q in product(range(len(corners)), repeat=2):
            side = corners[q] - corners[p]
            if np.abs(side).max() <= ON_THE_EDGE * size:
                continue
            if any(_det(side, other - corners[p]) < -ON_THE_EDGE * size * size for other in corners):
                continue
            edges += 1
            first = [side, moves[1][q] - moves[1][p], bends[1][q] - bends[1][p]]
            other = [point - corners[p], moves[0] - moves[1][p], bends[0] - bends[1][p]]
            gap = _det(first[0], other[0])
            if abs(gap) <= ON_THE_EDGE * size * size:
                gap = _det(first[1], other[0]) + _det(first[0], other[1])
                if abs(gap) <= ON_THE_EDGE * size * max(pace, size):
                    gap = _det(first[2], other[0]) + 2.0 * _det(first[1], other[1]) + _det(first[0], other[2])
                    doubt = doubt or abs(gap) > ON_THE_EDGE * size * max(pace, size)
                    continue
            if gap < 0.0:
                return False
        if doubt:
            return None
        return self._within_a_line(point, corners, size, pace, scale) if _flat(corners, size) else edges >= 3

    @staticmethod
    def _within_a_line(point: Array, corners: Array, size: float, pace: float, scale: float) -> bool | None:
        """The same where all corners lie on one line: only for what does not move, since nothing is watched then."""
        if size <= ON_THE_EDGE * scale:
            return bool(np.abs(point - corners[0]).max() <= ON_THE_EDGE * scale)
        if pace > ON_THE_EDGE * scale:
            return None
        ends = max(combinations(corners, 2), key=lambda pair: float(np.abs(pair[1] - pair[0]).max()))
        side = ends[1] - ends[0]
        if abs(_det(side, point - ends[0])) > ON_THE_EDGE * size * scale:
            return False
        place = float(side @ (point - ends[0]) / (side @ side))
        return -ON_THE_EDGE <= place <= 1.0 + ON_THE_EDGE

    def first_exit(self, theta: Array, rates: Array, V: Array, v: Array, end: float) -> float:
        """The first time before ``end`` at which μ meets a line through two corners; nan if roundoff hides it."""
        point, corners = self.values(theta)
        scale = float(np.abs(corners).max() + np.abs(point).max())
        best = end
        for p, q in combinations(range(len(corners)), 2):
            first = self.corner[q] - self.corner[p], corners[q] - corners[p]
            second = self.share - self.corner[p], point - corners[p]
            start, slopes, exponents = _determinant(first, second, rates, V, v)
            size = max(float(np.abs(slopes).max(initial=0.0)), scale * scale)
            if size <= FLAT_VALUE * scale * scale:
                continue
            begin = 0.0
            if abs(start) <= ON_THE_EDGE * scale * scale:
                for sign in (1.0, -1.0):
                    begin = float(leave_zero(sign * slopes, exponents, FLAT_VALUE * scale * scale))
                    if not np.isnan(begin):
                        break
                else:
                    return float("nan")
                start = 0.0
            else:
                sign = 1.0 if start > 0.0 else -1.0
            best = min(best, float(first_root(sign * start, sign * slopes, exponents, begin, best)))
            if np.isnan(best):
                return best
        return best if best < end else float("inf")


def _flat(corners: Array, size: float) -> bool:
    """Whether all corners lie on one line."""
    return all(
        abs(_det(second - first, third - first)) <= ON_THE_EDGE * size * size
        for first, second, third in combinations(corners, 3)
    )


def _det(first: Array, second: Array) -> float:
    return float(first[0] * second[1] - first[1] * second[0])


def _determinant(
    first: tuple[Array, Array], second: tuple[Array, Array], rates: Array, V: Array, v: Array
) -> tuple[float, Array, Array]:
    """f(0), slopes and rates of det(a, b) for a, b affine along the flow, in the form of ``exponentials``.

    With s = λ: a(t) = a0 + Σ a_k φ(λ_k, t), and φ(λ)φ(κ) = (φ(λ) + φ(κ) - φ(λ + κ))·… only for λ, κ > 0; components
    that do not move are left out, and drifting ones (λ = 0) do not occur for a least squares problem.
    """
    moving = (v != 0.0) & (rates > 0.0)
    lam, W = rates[moving], V[:, moving] * v[moving]
    # a(t) = (a0 + Σ α_k) - Σ α_k e^{-λ_k t}, α_k = a_k/λ_k
    a, b = (first[0] @ W) / lam, (second[0] @ W) / lam
    a0, b0 = first[1] + a.sum(axis=1), second[1] + b.sum(axis=1)
    # products of exponentials: coefficient E of e^{-Λt} contributes slope -ΛE
    linear = -(a[0] * b0[1] - a[1] * b0[0]) - (a0[0] * b[1] - a0[1] * b[0])
    double = np.outer(a[0], b[1]) - np.outer(a[1], b[0])
    exponents = np.concatenate((lam, np.add.outer(lam, lam).ravel()))
    slopes = -exponents * np.concatenate((linear, double.ravel()))
    return _det(first[1], second[1]), slopes, exponents


def clusters(choice: Choice, classes: list[DataClass]) -> list[list[int]]:
    """Positions, among the sliding walls, of those that data sliding in two layers tie together."""
    slides = choice.slides
    group = list(range(len(slides)))
    for index in range(len(classes)):
        mine = [place for place, wall in enumerate(slides) if index in wall.classes]
        if len({slides[place].layer for place in mine}) > 1:
            merged = {group[place] for place in mine}
            group = [min(merged) if number in merged else number for number in group]
    together: dict[int, list[int]] = {}
    for place, number in enumerate(group):
        together.setdefault(number, []).append(place)
    return [places for places in together.values() if len(places) > 1]


def polygon(
    table: PrefixTable, classes: list[DataClass], choice: Choice, slide: Slide, H: Array, c: Array, places: list[int]
) -> Polygon:
    """The polygon of two coupled walls; H and c are those of the choice with all sliding data truncated."""
    multipliers = np.linalg.solve(slide.rows @ slide.rows.T, slide.rows)  # (m, n)
    dual = multipliers[places]  # row_l · dual_k = δ_lk
    shared = [choice.slides[place] for place in places]
    inside = [
        (index, {zero for wall in shared for zero in walls_of(table, classes, choice, index, wall)})
        for index in sorted({index for wall in shared for index in wall.classes})
    ]
    corner, corner_value = [], []
    for direction in _directions(table, choice, inside, dual):
        H_corner, c_corner = np.zeros_like(H), np.zeros_like(c)
        for index, zeros in inside:
            pattern = choice.patterns[index].copy()
            node = 0
            for layer in range(table.depth):
                for zero_layer, k in zeros:
                    if zero_layer == layer:
                        pattern[layer, k] = int(table.nodes.rows[node, k] @ direction > 0.0)
                node = table.child(node, pattern[layer])
            for leaf, sign in ((node, 1.0), (choice.paths[index][-1], -1.0)):
                nodes, data = table.nodes, classes[index]
                H_corner += sign * data.weight * nodes.BtB[leaf]
                c_corner += sign * (nodes.B[leaf].T @ data.target - nodes.BtA[leaf] @ data.moment)
        corner.append(dual @ H_corner)
        corner_value.append(-dual @ c_corner)
    return Polygon(slide.share[places], slide.share_value[places], np.array(corner), np.array(corner_value))


def _directions(
    table: PrefixTable, choice: Choice, inside: list[tuple[int, set[tuple[int, int]]]], dual: Array
) -> list[Array]:
    """One direction in every region that meets at the two walls."""
    angles = [0.0]
    for index, zeros in inside:
        ordered = sorted(zeros)
        for bits in product((0, 1), repeat=len(ordered)):
            pattern, node = choice.patterns[index].copy(), 0
            for place, bit in zip(ordered, bits, strict=True):
                pattern[place] = bit
            for layer in range(table.depth):
                for zero_layer, k in ordered:
                    if zero_layer == layer:
                        first, second = dual @ table.nodes.rows[node, k]
                        angles.append(float(np.arctan2(-first, second)) % np.pi)
                node = table.child(node, pattern[layer])
    lines = np.unique(np.round(np.array([*angles, *(angle + np.pi for angle in angles)]), 9))
    middles = 0.5 * (lines + np.append(lines[1:], lines[0] + 2 * np.pi))
    return [np.cos(angle) * dual[0] + np.sin(angle) * dual[1] for angle in middles]
