"""One way to continue at walls, and whether it is consistent: compiled, where every wall has a share of its own.

A trial gives every wall a mode: -1 (its data go on truncated), +1 (active), 0 (they slide). The decisions are those of
``judging``; where it would note a doubt, or look across more than single walls, the answer is UNCLEAR, and the whole
event is left to it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE
from symflow.flow.chamber.compiling import bundled, lean
from symflow.flow.chamber.prefixes import Nodes, child_of
from symflow.flow.chamber.separating import cannot_slide
from symflow.flow.chamber.short_vectors import fill_product, inner_product, largest_of
from symflow.flow.chamber.stepping import fill_projection
from symflow.flow.chamber.tolerances import CLEAR, DEPENDENT, FLAT_VALUE, MANY, ONE_WALL, TOUCH
from symflow.flow.chamber.zero_classes import MOST_CLASSES, Classes
from symflow.network.arrays import Array

WRONG, RIGHT, UNCLEAR = range(3)


@bundled
class Trial(NamedTuple):
    """Room for one way to continue; walls are numbered in the order of their layers."""

    mode: Array  # (MANY,)
    row: Array  # (MANY, n) gradient
    wall: Array  # (C, L, Q) number of the wall of a zero preactivation
    pattern: Array  # (C, L, Q) sliding data count as truncated
    held: Array  # (C, L, Q) 1 for those that slide
    path: Array  # (C, L + 1) nodes
    slide: Array  # (MANY,) number among the slides, or NONE
    rows: Array  # (MANY, n) of the slides: gradients, and
    jump: Array  # (MANY, n)
    jump_value: Array  # (MANY,): d = jump · θ + jump_value
    coupled: Array  # (MANY,) 1 for slides that share data with slides in another layer
    right: Array  # (MANY,) the modes that were found right
    H: Array  # (n, n) and
    c: Array  # (n,) of the trial
    onto: Array  # (n, n) projection onto its slides
    multipliers: Array  # (MANY, n)
    shares: Array  # (MANY, n) -multipliers H
    normals: Array  # (MANY, MANY) and
    basis: Array  # (MANY, n): room
    course: Array  # (4, n) c - Hθ, and along the slides three derivatives of θ


def empty_trial(places: tuple[int, int, int], n: int) -> Trial:
    """No modes yet; ``places`` are L, N, Q."""
    depth, _, width = places
    integers, layers = np.int64, (MOST_CLASSES, depth, width)
    return Trial(
        np.full(MANY, -1), np.zeros((MANY, n)), np.full(layers, NONE), np.zeros(layers, dtype=integers),
        np.zeros(layers, dtype=integers), np.zeros((MOST_CLASSES, depth + 1), dtype=integers), np.full(MANY, NONE),
        np.zeros((MANY, n)), np.zeros((MANY, n)), np.zeros(MANY), np.zeros(MANY, dtype=integers),
        np.zeros(MANY, dtype=integers), np.zeros((n, n)), np.zeros(n), np.zeros((n, n)), np.zeros((MANY, n)),
        np.zeros((MANY, n)), np.zeros((MANY, MANY)), np.zeros((MANY, n)), np.zeros((4, n)),
    )  # fmt: skip


@lean
def begin_trials(trial: Trial) -> None:
    """The first modes."""
    for wall in range(MANY):
        trial.mode[wall] = -1


@lean
def copy_force(trial: Trial, H: Array, c: Array) -> None:
    """H and c of the patterns so far."""
    for row in range(c.size):
        trial.c[row] = c[row]
        for column in range(c.size):
            trial.H[row, column] = H[row, column]


@lean
def code_of_layer(pattern: Array) -> int:
    """The pattern (Q,) of one layer as an integer."""
    code = 0
    for k in range(pattern.size):
        code |= pattern[k] << k
    return code


@lean
def wall_at(trial: Trial, row: Array, first: int, walls: int) -> int:
    """The number of the wall with this gradient among ``first`` .. ``walls``; ``walls`` if there is none."""
    for wall in range(first, walls):
        distance = 0.0
        for column in range(row.size):
            distance = max(distance, abs(trial.row[wall, column] - row[column]))
        if distance < ONE_WALL:
            return wall
    return walls


@lean
def lay_out(nodes: Nodes, classes: Classes, trial: Trial) -> int:
    """Follow the modes layer by layer: what a datum does in one decides which walls it meets in the next.

    How many walls there are; NONE if more than MANY, or without room for the patterns.
    """
    groups, depth, width = classes.counts[0], classes.zero.shape[1], classes.zero.shape[2]
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
                    for column in range(row.size):
                        trial.row[wall, column] = row[column]
                    walls += 1
                trial.wall[group, layer, k] = wall
                trial.pattern[group, layer, k] = 1 if trial.mode[wall] == 1 else 0
        for group in range(groups):
            node = child_of(nodes, trial.path[group, layer], code_of_layer(trial.pattern[group, layer]))
            if node < 0:
                return NONE
            trial.path[group, layer + 1] = node
    return walls


@lean
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


@lean
def choice_force(nodes: Nodes, classes: Classes, trial: Trial) -> None:
    """Turn H and c of the patterns so far into those of the trial."""
    H, c = trial.H, trial.c
    n, width = H.shape[0], classes.moment.shape[1]
    for group in range(classes.counts[0]):
        old, new = classes.leaf[group], trial.path[group, trial.path.shape[1] - 1]
        if old == new:
            continue
        for row in range(n):
            for column in range(n):
                H[row, column] += classes.weight[group] * (nodes.BtB[new, row, column] - nodes.BtB[old, row, column])
            for column in range(width):
                c[row] += (nodes.B[new, column, row] - nodes.B[old, column, row]) * classes.target[group, column]
                c[row] -= (nodes.BtA[new, row, column] - nodes.BtA[old, row, column]) * classes.moment[group, column]


@lean
def gather_slides(trial: Trial, walls: int) -> int:
    """Number the slides; how many."""
    slides = 0
    for wall in range(walls):
        trial.slide[wall] = NONE
        if trial.mode[wall] == 0:
            trial.slide[wall] = slides
            for column in range(trial.row.shape[1]):
                trial.rows[slides, column] = trial.row[wall, column]
            trial.coupled[slides] = 0
            slides += 1
    return slides


@lean
def couple(classes: Classes, trial: Trial) -> bool:
    """Note the slides that share data with slides in another layer; whether there are any."""
    groups, depth, width = classes.counts[0], classes.zero.shape[1], classes.zero.shape[2]
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


@lean
def apart(trial: Trial, m: int) -> bool:
    """Whether the normal of every slide stays clear of the span of those before it."""
    basis, n = trial.basis, trial.rows.shape[1]
    for place in range(m):
        for column in range(n):
            basis[place, column] = trial.rows[place, column]
        for _ in range(2):
            for other in range(place):
                inner = inner_product(basis[place], basis[other])
                for column in range(n):
                    basis[place, column] -= inner * basis[other, column]
        length = inner_product(basis[place], basis[place])
        if length < DEPENDENT:
            return False
        for column in range(n):
            basis[place, column] /= np.sqrt(length)
    return True


@lean
def write_jumps(nodes: Nodes, classes: Classes, trial: Trial, slides: int) -> bool:
    """Fill in d of the slides; False without room for the patterns."""
    groups, depth, width = classes.counts[0], classes.zero.shape[1], classes.zero.shape[2]
    n = trial.row.shape[1]
    for place in range(slides):
        trial.jump_value[place] = 0.0
        for column in range(n):
            trial.jump[place, column] = 0.0
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


@lean
def sign_of(first: float, second: float, third: float, size: float, touch: float) -> int:
    """Sign of the first of f, f', f'' that is not roundoff (``walls.sign``)."""
    if abs(first) > FLAT_VALUE * size and first * first > 2.0 * touch * abs(second):
        return 1 if first > 0.0 else -1
    if abs(second) > 10 * FLAT_VALUE * size:
        return 1 if second > 0.0 else -1
    if abs(third) > 100 * FLAT_VALUE * size:
        return 1 if third > 0.0 else -1
    return 0


@lean
def refused(nodes: Nodes, classes: Classes, trial: Trial, slides: int, theta: Array) -> int:
    """WRONG if no shares at all keep the flow on the slides, else UNCLEAR."""
    groups, depth, width = classes.counts[0], classes.zero.shape[1], classes.zero.shape[2]
    for group in range(groups):
        for layer in range(depth):
            for k in range(width):
                slide = classes.zero[group, layer, k] == 1 and trial.mode[trial.wall[group, layer, k]] == 0
                trial.held[group, layer, k] = 1 if slide else 0
    if cannot_slide(
        nodes, classes, trial.held[:groups], trial.pattern[:groups], trial.rows[:slides], trial.course[0], theta
    ):
        return WRONG
    return UNCLEAR


@lean
def fill_course(trial: Trial, slides: int) -> None:
    """Fill in Π of the slides, and along them three derivatives of θ; the force is there already."""
    onto, course, room = trial.onto, trial.course, trial.basis[0]
    fill_projection(trial.rows, slides, trial.normals, onto, trial.multipliers)
    fill_product(onto, course[0], 1.0, course[1])
    for order in range(1, 3):
        fill_product(trial.H, course[order], -1.0, room)
        fill_product(onto, room, 1.0, course[order + 1])


@lean
def fill_force(trial: Trial, theta: Array) -> float:
    """Fill in c - Hθ; the largest sum of absolute summands."""
    size = 0.0
    for row in range(theta.size):
        total, term = trial.c[row], abs(trial.c[row])
        for column in range(theta.size):
            part = trial.H[row, column] * theta[column]
            total -= part
            term += abs(part)
        trial.course[0, row] = total
        size = max(size, term)
    return size


@lean
def judge(nodes: Nodes, classes: Classes, trial: Trial, walls: int, theta: Array) -> int:
    """RIGHT if the flow of the trial does what the trial says, WRONG if not; H and c are those of the trial."""
    n, slides = theta.size, gather_slides(trial, walls)
    size = fill_force(trial, theta)
    if slides > n or not apart(trial, slides):
        return refused(nodes, classes, trial, slides, theta)
    fill_course(trial, slides)
    velocity, second, third = trial.course[1], trial.course[2], trial.course[3]
    touch = TOUCH * (1.0 + largest_of(theta))
    for wall in range(walls):
        if trial.mode[wall] != 0 and trial.mode[wall] * inner_product(trial.row[wall], velocity) < -CLEAR * size:
            return WRONG
    for wall in range(walls):
        if trial.mode[wall] == 0:
            continue
        row = trial.row[wall]
        way = sign_of(inner_product(row, velocity), inner_product(row, second), inner_product(row, third), size, touch)
        if way != trial.mode[wall]:
            return WRONG
    if slides == 0:
        return RIGHT
    if not write_jumps(nodes, classes, trial, slides):
        return UNCLEAR
    tied = couple(classes, trial)
    answer = judge_shares(trial, slides, theta, size)
    if tied and answer != WRONG:
        return refused(nodes, classes, trial, slides, theta)
    return answer


@lean
def judge_shares(trial: Trial, slides: int, theta: Array, size: float) -> int:
    """RIGHT if every slide that is not coupled has a share between 0 and its jump, at once and from now on."""
    n, velocity, second = theta.size, trial.course[1], trial.course[2]
    answer = RIGHT
    for place in range(slides):
        if trial.coupled[place] == 1:
            continue
        share, jump = trial.shares[place], trial.jump[place]
        for column in range(n):
            total = 0.0
            for inner in range(n):
                total -= trial.multipliers[place, inner] * trial.H[inner, column]
            share[column] = total
        low = inner_product(trial.multipliers[place], trial.c) + inner_product(share, theta)
        height = trial.jump_value[place] + inner_product(jump, theta)
        low_rate, low_bend = inner_product(share, velocity), inner_product(share, second)
        high_rate, high_bend = inner_product(jump, velocity) - low_rate, inner_product(jump, second) - low_bend
        below = sign_of(low, low_rate, low_bend, size, 0.0)
        above = sign_of(height - low, high_rate, high_bend, size, 0.0)
        if below * above < 0:
            return WRONG
        if height < 0.0:
            answer = UNCLEAR  # a slide along a ridge
    return answer
