"""One way to continue at walls, and whether it is consistent: compiled, where every wall has a share of its own.

A trial gives every wall a mode: -1 (its data go on truncated), +1 (active), 0 (they slide). The decisions are those of
``judging``; where it would note a doubt, or look across more than single walls, the answer is UNCLEAR, and the whole
event is left to it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE
from symflow.flow.chamber.compiling import compiled
from symflow.flow.chamber.prefixes import Nodes, child_of
from symflow.flow.chamber.separating import cannot_slide
from symflow.flow.chamber.stepping import projection
from symflow.flow.chamber.tolerances import CLEAR, DEPENDENT, FLAT_VALUE, MANY, ONE_WALL, TOUCH
from symflow.flow.chamber.zero_classes import Classes
from symflow.network.arrays import Array

WRONG, RIGHT, UNCLEAR = range(3)


class Trial(NamedTuple):
    """Room for one way to continue; walls are numbered in the order of their layers."""

    mode: Array  # (MANY,)
    row: Array  # (MANY, n) gradient
    wall: Array  # (C, L, Q) number of the wall of a zero preactivation
    pattern: Array  # (C, L, Q) sliding data count as truncated
    path: Array  # (C, L + 1) nodes
    slide: Array  # (MANY,) number among the slides, or NONE
    rows: Array  # (MANY, n) of the slides: gradients, and
    jump: Array  # (MANY, n)
    jump_value: Array  # (MANY,): d = jump · θ + jump_value
    coupled: Array  # (MANY,) 1 for slides that share data with slides in another layer


@compiled
def empty_trial(classes: Classes, n: int) -> Trial:
    """No modes yet."""
    groups, depth, width = classes.zero.shape
    places = (groups, depth, width)
    return Trial(
        np.full(MANY, -1), np.zeros((MANY, n)), np.full(places, NONE), np.zeros(places, dtype=np.int64),
        np.zeros((groups, depth + 1), dtype=np.int64), np.full(MANY, NONE), np.zeros((MANY, n)), np.zeros((MANY, n)),
        np.zeros(MANY), np.zeros(MANY, dtype=np.int64),
    )  # fmt: skip


@compiled
def code_of_layer(pattern: Array) -> int:
    """The pattern (Q,) of one layer as an integer."""
    code = 0
    for k in range(pattern.size):
        code |= pattern[k] << k
    return code


@compiled
def wall_at(trial: Trial, row: Array, first: int, walls: int) -> int:
    """The number of the wall with this gradient among ``first`` .. ``walls``; ``walls`` if there is none."""
    for wall in range(first, walls):
        distance = 0.0
        for column in range(row.size):
            distance = max(distance, abs(trial.row[wall, column] - row[column]))
        if distance < ONE_WALL:
            return wall
    return walls


@compiled
def lay_out(nodes: Nodes, classes: Classes, trial: Trial) -> int:
    """Follow the modes layer by layer: what a datum does in one decides which walls it meets in the next.

    How many walls there are; NONE if more than MANY, or without room for the patterns.
    """
    groups, depth, width = classes.zero.shape
    walls = 0
    for layer in range(depth):
        first = walls
        for group in range(groups):
            for k in range(width):
                trial.pattern[group, layer, k] = classes.pattern[group, layer, k]
                if classes.zero[group, layer, k] == 0:
                    continue
                row = nodes.rows[trial.path[group, layer], k]
                wall = wall_at(trial, row, first, walls)
                if wall == MANY:
                    return NONE
                if wall == walls:
                    trial.row[wall] = row
                    walls += 1
                trial.wall[group, layer, k] = wall
                trial.pattern[group, layer, k] = 1 if trial.mode[wall] == 1 else 0
        for group in range(groups):
            node = child_of(nodes, trial.path[group, layer], code_of_layer(trial.pattern[group, layer]))
            if node < 0:
                return NONE
            trial.path[group, layer + 1] = node
    return walls


@compiled
def next_modes(trial: Trial, walls: int) -> bool:
    """The next modes in order, those of the last walls changing first; False after the last."""
    for wall in range(walls, MANY):
        trial.mode[wall] = -1
    for wall in range(walls - 1, -1, -1):
        if trial.mode[wall] < 1:
            trial.mode[wall] += 1
            return True
        trial.mode[wall] = -1
    return False


@compiled
def choice_force(nodes: Nodes, classes: Classes, trial: Trial, H: Array, c: Array) -> None:
    """Turn H and c of the patterns so far into those of the trial."""
    n, width = H.shape[0], classes.moment.shape[1]
    for group in range(classes.zero.shape[0]):
        old, new = classes.leaf[group], trial.path[group, trial.path.shape[1] - 1]
        if old == new:
            continue
        for row in range(n):
            for column in range(n):
                H[row, column] += classes.weight[group] * (nodes.BtB[new, row, column] - nodes.BtB[old, row, column])
            for column in range(width):
                c[row] += (nodes.B[new, column, row] - nodes.B[old, column, row]) * classes.target[group, column]
                c[row] -= (nodes.BtA[new, row, column] - nodes.BtA[old, row, column]) * classes.moment[group, column]


@compiled
def gather_slides(trial: Trial, walls: int) -> int:
    """Number the slides; how many."""
    slides = 0
    for wall in range(walls):
        trial.slide[wall] = NONE
        if trial.mode[wall] == 0:
            trial.slide[wall] = slides
            trial.rows[slides] = trial.row[wall]
            trial.coupled[slides] = 0
            slides += 1
    return slides


@compiled
def couple(classes: Classes, trial: Trial) -> bool:
    """Note the slides that share data with slides in another layer; whether there are any."""
    groups, depth, width = classes.zero.shape
    some = False
    for group in range(groups):
        layers = 0
        for layer in range(depth):
            held = 0
            for k in range(width):
                if classes.zero[group, layer, k] == 1 and trial.mode[trial.wall[group, layer, k]] == 0:
                    held = 1
            layers += held
        if layers < 2:
            continue
        some = True
        for layer in range(depth):
            for k in range(width):
                if classes.zero[group, layer, k] == 1 and trial.mode[trial.wall[group, layer, k]] == 0:
                    trial.coupled[trial.slide[trial.wall[group, layer, k]]] = 1
    return some


@compiled
def apart(rows: Array) -> bool:
    """Whether every normal stays clear of the span of those before it."""
    m, n = rows.shape
    basis = rows.copy()
    for place in range(m):
        for _ in range(2):
            for other in range(place):
                inner = 0.0
                for column in range(n):
                    inner += basis[place, column] * basis[other, column]
                for column in range(n):
                    basis[place, column] -= inner * basis[other, column]
        length = 0.0
        for column in range(n):
            length += basis[place, column] ** 2
        if length < DEPENDENT:
            return False
        basis[place] /= np.sqrt(length)
    return True


@compiled
def write_jumps(nodes: Nodes, classes: Classes, trial: Trial, slides: int) -> bool:
    """Fill in d of the slides; False without room for the patterns."""
    groups, depth, width = classes.zero.shape
    n = trial.row.shape[1]
    trial.jump[:slides] = 0.0
    trial.jump_value[:slides] = 0.0
    for group in range(groups):
        off = trial.path[group, depth]
        for layer in range(depth):
            for k in range(width):
                if classes.zero[group, layer, k] == 0 or trial.mode[trial.wall[group, layer, k]] != 0:
                    continue
                place, row = trial.slide[trial.wall[group, layer, k]], nodes.rows[trial.path[group, layer], k]
                on = trial.path[group, layer]
                for later in range(layer, depth):
                    code = code_of_layer(trial.pattern[group, later])
                    on = child_of(nodes, on, code | (1 << k) if later == layer else code)
                    if on < 0:
                        return False
                length = 0.0
                for column in range(n):
                    length += row[column] * row[column]
                for component in range(width):
                    direction, inner = 0.0, -classes.target[group, component]
                    for column in range(n):
                        direction += (nodes.B[on, component, column] - nodes.B[off, component, column]) * row[column]
                    direction /= length
                    for column in range(n):
                        trial.jump[place, column] += classes.weight[group] * direction * nodes.B[off, component, column]
                    for column in range(width):
                        inner += nodes.A[off, component, column] * classes.moment[group, column]
                    trial.jump_value[place] += direction * inner
    return True


@compiled
def sign_of(first: float, second: float, third: float, size: float, touch: float) -> int:
    """Sign of the first of f, f', f'' that is not roundoff (``walls.sign``)."""
    if abs(first) > FLAT_VALUE * size and first * first > 2.0 * touch * abs(second):
        return 1 if first > 0.0 else -1
    if abs(second) > 10 * FLAT_VALUE * size:
        return 1 if second > 0.0 else -1
    if abs(third) > 100 * FLAT_VALUE * size:
        return 1 if third > 0.0 else -1
    return 0


@compiled
def refused(nodes: Nodes, classes: Classes, trial: Trial, slides: int, force: Array, theta: Array) -> int:
    """WRONG if no shares at all keep the flow on the slides, else UNCLEAR."""
    groups, depth, width = classes.zero.shape
    held = np.zeros((groups, depth, width), dtype=np.int64)
    for group in range(groups):
        for layer in range(depth):
            for k in range(width):
                if classes.zero[group, layer, k] == 1 and trial.mode[trial.wall[group, layer, k]] == 0:
                    held[group, layer, k] = 1
    if cannot_slide(nodes, classes, held, trial.pattern, trial.rows[:slides], force, theta):
        return WRONG
    return UNCLEAR


@compiled
def judge(nodes: Nodes, classes: Classes, trial: Trial, walls: int, H: Array, c: Array, theta: Array) -> int:
    """RIGHT if the flow of the trial does what the trial says, WRONG if not; H and c are those of the trial."""
    n = theta.size
    slides = gather_slides(trial, walls)
    force = c - H @ theta
    if slides > n or not apart(trial.rows[:slides]):
        return refused(nodes, classes, trial, slides, force, theta)
    onto, multipliers = projection(trial.rows[:slides])
    size = np.max(np.abs(c) + np.abs(H) @ np.abs(theta))
    touch = TOUCH * (1.0 + np.max(np.abs(theta)))
    velocity = onto @ force
    for wall in range(walls):
        if trial.mode[wall] != 0 and trial.mode[wall] * np.dot(trial.row[wall], velocity) < -CLEAR * size:
            return WRONG
    second = -(onto @ (H @ velocity))
    third = -(onto @ (H @ second))
    for wall in range(walls):
        if trial.mode[wall] == 0:
            continue
        row = trial.row[wall]
        way = sign_of(np.dot(row, velocity), np.dot(row, second), np.dot(row, third), size, touch)
        if way != trial.mode[wall]:
            return WRONG
    if slides == 0:
        return RIGHT
    if not write_jumps(nodes, classes, trial, slides):
        return UNCLEAR
    tied = couple(classes, trial)
    share = -(multipliers @ H)
    answer = RIGHT
    for place in range(slides):
        if trial.coupled[place] == 1:
            continue
        jump = trial.jump[place]
        low = np.dot(multipliers[place], c) + np.dot(share[place], theta)
        height = trial.jump_value[place] + np.dot(jump, theta)
        lows = np.dot(share[place], velocity), np.dot(share[place], second)
        highs = np.dot(jump, velocity) - lows[0], np.dot(jump, second) - lows[1]
        below = sign_of(low, lows[0], lows[1], size, 0.0)
        above = sign_of(height - low, highs[0], highs[1], size, 0.0)
        if below * above < 0:
            return WRONG
        if height < 0.0:
            answer = UNCLEAR  # a slide along a ridge
    if tied:
        return refused(nodes, classes, trial, slides, force, theta)
    return answer
