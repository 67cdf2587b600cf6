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

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from symflow.errors import LimitError
from symflow.flow.chamber.prefixes import PrefixTable
from symflow.flow.chamber.stepping import projection
from symflow.flow.chamber.tolerances import FLAT_VALUE, MANY, ONE_WALL, TOUCH
from symflow.network.arrays import Array


@dataclass(frozen=True, slots=True)
class DataClass:
    """Data with the same pattern and the same zero preactivations: members, Σw, Σwx, Σwy."""

    pattern: Array  # (L, Q); zeros stand where the preactivation is zero
    zeros: tuple[tuple[int, int], ...]
    members: Array
    weight: float
    moment: Array
    target: Array


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


def choices(table: PrefixTable, classes: list[DataClass]) -> Iterator[Choice]:
    """All choices, layer by layer: what a datum does in one layer decides which walls it meets in the next.

    Raises LimitError where more than MANY walls meet.
    """

    def further(layer: int, walls: list[Wall], patterns: list[Array], nodes: list[list[int]]) -> Iterator[Choice]:
        if layer == table.depth:
            yield Choice(walls, patterns, nodes)
            return
        here: list[Wall] = []
        for index, group in enumerate(classes):
            for component in (k for zero_layer, k in group.zeros if zero_layer == layer):
                row = table.nodes.rows[nodes[index][-1], component]
                for wall in here:
                    if np.abs(wall.row - row).max() < ONE_WALL:
                        wall.classes.append(index)
                        break
                else:
                    here.append(Wall(layer, component, row, 0, [index]))
        if len(walls) + len(here) > MANY:
            raise LimitError(f"more than {MANY} walls meet at one place")
        for modes in product((-1, 1, 0), repeat=len(here)):
            chosen = [Wall(w.layer, w.component, w.row, m, w.classes) for w, m in zip(here, modes, strict=True)]
            updated = [pattern.copy() for pattern in patterns]
            for wall in chosen:
                for index in wall.classes:
                    # a wall shared across components (rotations with common rows) holds each class's own component
                    for zero_layer, k in classes[index].zeros:
                        same = (
                            zero_layer == layer
                            and np.abs(table.nodes.rows[nodes[index][-1], k] - wall.row).max() < ONE_WALL
                        )
                        if same:
                            updated[index][layer, k] = int(wall.mode == 1)
            paths = [[*path, table.child(path[-1], updated[index][layer])] for index, path in enumerate(nodes)]
            yield from further(layer + 1, walls + chosen, updated, paths)

    yield from further(0, [], [group.pattern for group in classes], [[0] for _ in classes])


@dataclass(frozen=True, slots=True)
class Slide:
    """Sliding walls of a segment: rows g, and the affine functions share_l = μ_l and jump_l = d_l of θ."""

    rows: Array  # (m, n)
    onto: Array  # Π
    share: Array  # (m, n): μ = share · θ + share_value
    share_value: Array
    jump: Array  # (m, n): d = jump · θ + jump_value
    jump_value: Array
    coupled: tuple[int, ...] = ()  # walls whose shares do not fill a box of their own: see ``hulls``

    @property
    def exits(self) -> tuple[Array, Array]:
        """Functions that are positive while all shares are in (0, 1): μ and d - μ, for d > 0."""
        alone = [place for place in range(len(self.rows)) if place not in self.coupled]
        share, start = self.share[alone], self.share_value[alone]
        return np.vstack((share, self.jump[alone] - share)), np.concatenate((start, self.jump_value[alone] - start))


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


def consistent(choice: Choice, slide: Slide, H: Array, c: Array, theta: Array) -> bool:
    """Whether the flow of the choice does what the choice says."""
    force = c - H @ theta
    velocity = slide.onto @ force
    second = -slide.onto @ (H @ velocity)
    third = -slide.onto @ (H @ second)
    size = float((np.abs(c) + np.abs(H) @ np.abs(theta)).max())
    touch = TOUCH * float(1.0 + np.abs(theta).max())
    for wall in choice.walls:
        if wall.mode != 0:
            way = sign([float(wall.row @ velocity), float(wall.row @ second), float(wall.row @ third)], size, touch)
            if way != wall.mode:
                return False
    for place in range(len(slide.rows)):
        if place in slide.coupled:
            continue
        share, start = slide.share[place], slide.share_value[place]
        rest, rest_start = slide.jump[place] - share, slide.jump_value[place] - start
        low = sign([float(share @ theta + start), float(share @ velocity), float(share @ second)], size, 0.0)
        high = sign([float(rest @ theta + rest_start), float(rest @ velocity), float(rest @ second)], size, 0.0)
        if low * high < 0:
            return False
    return True
