"""Is a face of the fan a way to go on, and is it left again at will?

Let F be a face, Π the projection onto its span, and G_σ the gradients of the chambers σ around it: they agree along F.
The flow on F is θ' = -Π G. It is one of Clarke's inclusion if it keeps to F and zero is in the hull of all (1 - Π) G_σ.

Across F the cost is, to first order, the piecewise linear function f(w) = G_σ·w, w = (1 - Π) w in the cone of σ. F is a
*valley* if f > 0 on the extreme rays of all cones, hence everywhere: zero is then in the hull by itself, and since the
cost falls along every solution, none can leave F. While F is slid on these are affine functions of θ, and the slide
ends at the first root of one of them. If f < 0 somewhere, its smallest value on the unit sphere is a direction in which
a solution leaves F at once: a slide that is no valley is never the only continuation.

Walls that no datum shares, with independent normals, are the case in which f is a sum over the walls: the rays are the
two sides of every wall, and f on them is its share μ and d - μ (``walls``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symflow.flow.chamber.fans import DataClass, DataFan
from symflow.flow.chamber.hulls import holds_zero
from symflow.flow.chamber.prefixes import PrefixTable
from symflow.flow.chamber.tolerances import CLEAR, DEPENDENT, FLAT_VALUE
from symflow.flow.chamber.walls import (
    Choice,
    Course,
    Slide,
    choice_of,
    course_of,
    leads_along,
    shares_of,
    sliding_functions,
)
from symflow.flow.cones import Face
from symflow.network.arrays import Array

JUST_AFTER = (1e-5, 1e-4, 1e-3)  # times, in units of the fastest rate, at which the hull may not say both


@dataclass(frozen=True, slots=True)
class Edges:
    """f on the rays around a face, as affine functions of θ: gradients · θ + values."""

    gradients: Array  # (E, n)
    values: Array  # (E,)


@dataclass(frozen=True, slots=True)
class Way:
    """A continuation: the walls slid on by independent normals; ``slide`` has their shares if they have such."""

    choice: Choice
    normals: Array  # (m, n)
    slide: Slide | None
    edges: Edges | None
    stays: bool  # whether it is a valley: no other way branches off later on


class Judge:
    """Faces at one state θ; ``rest_H`` and ``rest_c`` are those of the data that are at no wall."""

    def __init__(
        self, table: PrefixTable, classes: list[DataClass], fan: DataFan, rest_H: Array, rest_c: Array, theta: Array
    ) -> None:
        self.table, self.classes, self.fan, self.theta = table, classes, fan, theta
        self.rest = rest_H, rest_c
        self.chambers: dict[int, tuple[Array, Array]] = {}
        self.walls: dict[int, tuple[Array, Array]] = {}

    def way(self, face: Face) -> Way | str | None:
        """The way along a face, None if there is none, or what is in doubt."""
        if self._clearly_wrong(face):
            return None
        choice = choice_of(self.fan, face, self.table, self.classes)
        H, c = self._quadratic([path[-1] for path in choice.paths])
        rows = np.array([wall.row for wall in choice.slides]).reshape(-1, self.table.size)
        normals, onto = _independent(rows)
        course = course_of(onto, H, c, self.theta)
        if not leads_along(choice, course):
            return None
        if len(normals) == len(rows) and not _tied(choice, len(self.classes)):
            slide = sliding_functions(self.table, self.classes, choice, H, c)
            signs = shares_of(slide, course)
            if any(low * high < 0 for low, high in signs):
                return None
            return Way(choice, normals, slide, None, all(low >= 0 and high >= 0 for low, high in signs))
        edges = self._edges(face, onto)
        # f on a ray is the velocity away from it in the chamber there: it is passed by too little as a wall would be,
        # in ``leads_along``; else the face and the way that leaves it a moment later would both be right.
        signs_of_edges = [
            course.sign_of(g, float(v), course.touch) for g, v in zip(edges.gradients, edges.values, strict=True)
        ]
        if min(signs_of_edges) >= 0:
            return Way(choice, normals, None, edges, True)
        held = self._held(face, onto, H, course, _passed_by(edges, signs_of_edges, course))
        if held is None:
            return "whether the flow stays on walls that are tied by data sliding in two layers at once"
        return Way(choice, normals, None, edges, False) if held else None

    def pull(self, number: int) -> tuple[Array, float]:
        """The velocity in a chamber, and what speed leaves no doubt about its side."""
        H, c = self._chamber(number)
        return c - H @ self.theta, CLEAR * float((np.abs(c) + np.abs(H) @ np.abs(self.theta)).max())

    def _clearly_wrong(self, face: Face) -> bool:
        """Whether some data would move to the other side at once: spares most faces the rest of the work."""
        number = face.around[0]
        bits, rows = self._walls(number)
        velocity, clear = self.pull(number)
        leaving = (face.leaving >> bits & 1).astype(bool)
        along = _independent(rows[~leaving])[1] @ velocity
        ahead = np.where(face.active >> bits & 1, 1.0, -1.0) * (rows @ along)
        return bool((ahead[leaving] < -clear).any())

    def _walls(self, number: int) -> tuple[Array, Array]:
        if number not in self.walls:
            walls = self.fan.cones[number].walls
            rows = np.array([row for _, row in walls])
            self.walls[number] = np.array([bit for bit, _ in walls]), rows
        return self.walls[number]

    def _quadratic(self, leaves: list[int]) -> tuple[Array, Array]:
        """H and c of the cost where the classes are at these last nodes."""
        H, c = self.rest[0].copy(), self.rest[1].copy()
        nodes = self.table.nodes
        for group, leaf in zip(self.classes, leaves, strict=True):
            H += group.weight * nodes.BtB[leaf]
            c += nodes.B[leaf].T @ group.target - nodes.BtA[leaf] @ group.moment
        return H, c

    def _chamber(self, number: int) -> tuple[Array, Array]:
        if number not in self.chambers:
            self.chambers[number] = self._quadratic(list(self.fan.leaves[number]))
        return self.chambers[number]

    def _edges(self, face: Face, onto: Array) -> Edges:
        seen: set[tuple[int, int]] = set()
        gradients, values = [], []
        for number in face.around:
            cone = self.fan.cones[number]
            for ray, leaving in zip(cone.rays, self.fan.masks(cone), strict=True):
                name = leaving, cone.active & leaving
                if leaving & ~face.leaving == 0 or name in seen:
                    continue
                seen.add(name)
                across = ray - onto @ ray
                across /= np.linalg.norm(across)
                H, c = self._chamber(number)
                gradients.append(H @ across)
                values.append(-float(c @ across))
        return Edges(np.array(gradients), np.array(values))

    def _held(self, face: Face, onto: Array, H: Array, course: Course, begin: float) -> bool | None:
        """Whether zero is in the hull of the gradients across the face, from a time on."""
        across = np.eye(len(onto)) - onto
        unit = 1.0 / max(float(np.linalg.norm(H, 2)), 1e-300)
        answers = set()
        for time in JUST_AFTER:
            theta = course.after(min(begin, JUST_AFTER[-1] * unit) + time * unit)
            gradients = [H_c @ theta - c_c for H_c, c_c in map(self._chamber, face.around)]
            answers.add(holds_zero(np.array(gradients) @ across))
        answers.discard(None)
        return answers.pop() if len(answers) == 1 else None


def _passed_by(edges: Edges, signs: list[int], course: Course) -> float:
    """When the edges on which f is positive by too little to count are over: twice the time to their roots."""
    times = [0.0]
    for gradient, value, sign in zip(edges.gradients, edges.values, signs, strict=True):
        now = float(gradient @ course.theta) + float(value)
        if sign < 0.0 and now > FLAT_VALUE * course.size:
            times.append(2.0 * now / abs(float(gradient @ course.derivatives[0])))
    return max(times)


def _independent(rows: Array) -> tuple[Array, Array]:
    """As many of the rows as are independent, the first ones, and the projection onto their common kernel."""
    chosen: list[int] = []
    basis = np.zeros((0, rows.shape[1]))
    for place, row in enumerate(rows):
        rest = row - basis.T @ (basis @ row)
        rest -= basis.T @ (basis @ rest)
        length = float(rest @ rest)
        if length >= DEPENDENT:
            basis = np.vstack((basis, rest / np.sqrt(length)))
            chosen.append(place)
    return rows[chosen], np.eye(rows.shape[1]) - basis.T @ basis


def _tied(choice: Choice, classes: int) -> bool:
    """Whether data slide in two layers at once."""
    return any(len({wall.layer for wall in choice.slides if index in wall.classes}) > 1 for index in range(classes))
