"""What stands at a wall: classes of data with zero preactivations, and one way to continue for all of them.

A *choice* gives every wall that is reached a mode: -1 (its data go on truncated), +1 (active) or 0 (they slide). With
h in [0, 1] the share of the active side of every sliding wall, the velocities of Clarke's inclusion are

    v = -(G + Σ_l h_l d_l g_l),    d_l = Σ_i w_i (J_i r)·(z_{L,i} - ỹ_i),

because the map z_L of a datum gains (J r) u on the active side of a wall, u its preactivation, r the row of R_ℓ, J the
map of the later layers. Staying on the walls fixes v = -Π G and μ_l = h_l d_l: affine functions of θ. A choice is
*consistent* when every datum moves to its side and every share is in [0, 1]; where a value vanishes, its first
derivative that does not vanish along the chosen flow decides, and a value that stays zero for ever is at rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from symflow.flow.chamber.fans import DataClass, DataFan
from symflow.flow.chamber.prefixes import PrefixTable
from symflow.flow.chamber.stepping import projection
from symflow.flow.chamber.tolerances import FLAT_VALUE, ONE_WALL, TOUCH
from symflow.flow.cones import Face, mode_of
from symflow.network.arrays import Array


@dataclass(slots=True)
class Wall:
    """One hypersurface through the state: its gradient g, its layer and component, its mode, the classes at it."""

    layer: int
    component: int
    row: Array
    mode: int
    classes: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Choice:
    """Modes for all walls, and the patterns that follow for every class (sliding data count as truncated)."""

    walls: list[Wall]
    patterns: list[Array]
    paths: list[list[int]]

    @property
    def slides(self) -> list[Wall]:
        """The walls that are slid on."""
        return [wall for wall in self.walls if wall.mode == 0]


def walls_of(
    table: PrefixTable, classes: list[DataClass], choice: Choice, index: int, wall: Wall
) -> list[tuple[int, int]]:
    """The zero preactivations of a class that stand for this wall (more than one where layers share rows)."""
    if index not in wall.classes:
        return []
    return [
        (layer, k)
        for layer, k in classes[index].zeros
        if layer == wall.layer and np.abs(table.nodes.rows[choice.paths[index][layer], k] - wall.row).max() < ONE_WALL
    ]


@dataclass(frozen=True, slots=True)
class Slide:
    """Sliding walls of a segment: rows g, and the affine functions share_l = μ_l and jump_l = d_l of θ."""

    rows: Array  # (m, n)
    onto: Array  # Π
    share: Array  # (m, n): μ = share · θ + share_value
    share_value: Array
    jump: Array  # (m, n): d = jump · θ + jump_value
    jump_value: Array


def choice_of(fan: DataFan, face: Face, table: PrefixTable, classes: list[DataClass]) -> Choice:
    """The walls with the modes of a face, and the patterns with all that stays zero truncated."""
    patterns = [group.pattern.copy() for group in classes]
    for bit, (index, layer, k) in enumerate(fan.zeros):
        patterns[index][layer, k] = int(mode_of(face, bit) == 1)
    paths = [table.path(pattern) for pattern in patterns]
    walls: list[Wall] = []
    for bit in sorted(range(len(fan.zeros)), key=lambda bit: (fan.zeros[bit][1], bit)):
        index, layer, k = fan.zeros[bit]
        row = table.nodes.rows[paths[index][layer], k]
        for wall in walls:
            if wall.layer == layer and np.abs(wall.row - row).max() < ONE_WALL:
                wall.classes.append(index)
                break
        else:
            walls.append(Wall(layer, k, row, mode_of(face, bit), [index]))
    return Choice(walls, patterns, paths)


def sliding_functions(table: PrefixTable, classes: list[DataClass], choice: Choice, H: Array, c: Array) -> Slide:
    """μ and d of the sliding walls of a choice, as affine functions; H, c are those of the choice, slides truncated."""
    slides = choice.slides
    rows = np.array([wall.row for wall in slides]).reshape(len(slides), table.size)
    onto, multipliers = projection(rows)
    jump, jump_value = np.zeros_like(rows), np.zeros(len(slides))
    nodes = table.nodes
    for place, wall in enumerate(slides):
        for index in wall.classes:
            group, leaf = classes[index], choice.paths[index][-1]
            for layer, k in walls_of(table, classes, choice, index, wall):
                row = nodes.rows[choice.paths[index][layer], k]
                other = choice.patterns[index].copy()
                other[layer, k] = 1
                direction = (nodes.B[table.path(other)[-1]] - nodes.B[leaf]) @ row / (row @ row)  # J r
                jump[place] += group.weight * direction @ nodes.B[leaf]
                jump_value[place] += direction @ (nodes.A[leaf] @ group.moment - group.target)
    return Slide(rows, onto, -multipliers @ H, multipliers @ c, jump, jump_value)


@dataclass(frozen=True, slots=True)
class Course:
    """The start of the flow of a choice: the state, its first three derivatives by time, and what is roundoff there."""

    theta: Array
    derivatives: tuple[Array, Array, Array]
    size: float
    touch: float

    def sign_of(self, gradient: Array, value: float, touch: float = 0.0) -> int:
        """Sign of the function gradient · θ + value at once, from its first derivative that is not roundoff."""
        first, second, _ = self.derivatives
        values = [float(gradient @ self.theta) + value, float(gradient @ first), float(gradient @ second)]
        return sign(values, self.size, touch)

    def after(self, time: float) -> Array:
        """θ a short time later."""
        first, second, third = self.derivatives
        result: Array = self.theta + time * (first + time / 2.0 * (second + time / 3.0 * third))
        return result


def course_of(onto: Array, H: Array, c: Array, theta: Array) -> Course:
    """The flow θ' = Π(c - Hθ) from θ."""
    velocity = onto @ (c - H @ theta)
    second = -onto @ (H @ velocity)
    size = float((np.abs(c) + np.abs(H) @ np.abs(theta)).max())
    return Course(theta, (velocity, second, -onto @ (H @ second)), size, TOUCH * float(1.0 + np.abs(theta).max()))


def sign(values: list[float], size: float, touch: float) -> int:
    """Sign of the first of f, f', f'' that is not roundoff; 0 if all are.

    f is roundoff below FLAT_VALUE·size, and where f²/2|f'| < touch: its wall is passed by too little.
    """
    first, second, third = values
    if abs(first) > FLAT_VALUE * size and first * first > 2.0 * touch * abs(second):
        return 1 if first > 0.0 else -1
    if abs(second) > 10 * FLAT_VALUE * size:
        return 1 if second > 0.0 else -1
    if abs(third) > 100 * FLAT_VALUE * size:
        return 1 if third > 0.0 else -1
    return 0


def leads_along(choice: Choice, course: Course) -> bool:
    """Whether the flow of the choice takes every wall that is not slid on to the side that the choice says."""
    for wall in choice.walls:
        values = [float(wall.row @ derivative) for derivative in course.derivatives]
        if wall.mode != 0 and sign(values, course.size, course.touch) != wall.mode:
            return False
    return True


def shares_of(slide: Slide, course: Course) -> list[tuple[int, int]]:
    """Signs of μ_l and of d_l - μ_l at once: both positive in a valley, both negative on a ridge."""
    return [
        (course.sign_of(share, float(start)), course.sign_of(jump - share, float(height - start)))
        for share, start, jump, height in zip(slide.share, slide.share_value, slide.jump, slide.jump_value, strict=True)
    ]
