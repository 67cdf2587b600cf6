"""Plain events: one wall is met, beyond any doubt, and crossed or slid on; all that slides goes on sliding."""

from __future__ import annotations

import math

from symflow.flow.chamber.bookkeeping import NONE, Points, add_leaves, pull, push, put_in_behind, take_out_behind
from symflow.flow.chamber.compiling import lean
from symflow.flow.chamber.history import SLIDES, Log
from symflow.flow.chamber.plain_choices import NOT_PLAIN_MODE, choose
from symflow.flow.chamber.prefixes import Nodes, known_child
from symflow.flow.chamber.running import Run, hold, mark, unmark, write_change
from symflow.flow.chamber.short_vectors import inner_product, length_of
from symflow.flow.chamber.stepping import fill_gram
from symflow.flow.chamber.tolerances import DEPENDENT, FLAT_VALUE, TOUCH
from symflow.network.arrays import Array

NEW_PATTERN = 8  # besides a mode and NOT_PLAIN_MODE: a pattern that no datum has had yet


@lean
def is_one_wall(points: Points, found: Array, count: int) -> bool:
    """Whether all data found at walls are at one wall, on one side of it, and slide nowhere."""
    if count == 0 or count > found.shape[0]:
        return False
    layer, leader, k = found[0, 0], found[0, 1], found[0, 2]
    for place in range(count):
        i = found[place, 1]
        if found[place, 0] != layer or found[place, 2] != k or points.node[layer, i] != points.node[layer, leader]:
            return False
        if points.active[layer, i, k] != points.active[layer, leader, k]:
            return False
        for other_layer in range(points.active.shape[0]):
            for other in range(points.active.shape[2]):
                if points.sliding[other_layer, i, other] != NONE:
                    return False
    return True


@lean
def code_with(points: Points, layer: int, i: int, k: int, entry: int) -> int:
    """The pattern of one layer of one datum as an integer, with entry k replaced unless k is negative."""
    code = 0
    for place in range(points.active.shape[2]):
        bit = entry if place == k else points.active[layer, i, place]
        code |= bit << place
    return code


@lean
def follow(nodes: Nodes, points: Points, i: int, layer: int, k: int, entry: int, path: Array) -> int:
    """Fill ``path`` from layer + 1 on with the nodes of datum i if its entry (layer, k) were ``entry``.

    0, or NEW_PATTERN if there is none yet.
    """
    node = points.node[layer, i]
    for later in range(layer, points.active.shape[0]):
        node = known_child(nodes, node, code_with(points, later, i, k if later == layer else -1, entry))
        if node < 0:
            return NEW_PATTERN
        path[later + 1] = node
    return 0


@lean
def add_jump(nodes: Nodes, points: Points, run: Run, i: int, off: int, on: int, m: int) -> None:
    """Add datum i to the function d = jump · θ + value of wall m."""
    n, width = run.theta.size, points.x.shape[1]
    length = 0.0
    for column in range(n):
        length += run.rows[m, column] * run.rows[m, column]
    for component in range(width):
        direction = 0.0
        for column in range(n):
            direction += (nodes.B[on, component, column] - nodes.B[off, component, column]) * run.rows[m, column]
        direction *= points.w[i] / length
        for column in range(n):
            run.jump[m, column] += direction * nodes.B[off, component, column]
        inner = -points.y[i, component]
        for column in range(width):
            inner += nodes.A[off, component, column] * points.x[i, column]
        run.jump_value[m] += direction * inner


@lean
def add_wall(nodes: Nodes, points: Points, run: Run) -> int:
    """Write the wall that was found behind the sliding ones; 0, or NEW_PATTERN."""
    depth, m = points.active.shape[0], run.counts[0]
    layer, leader, k = run.found[0, 0], run.found[0, 1], run.found[0, 2]
    node = points.node[layer, leader]
    for column in range(run.theta.size):
        run.rows[m, column] = nodes.rows[node, k, column]
        run.jump[m, column] = 0.0
    run.jump_value[m] = 0.0
    off, on = run.room.off, run.room.on
    for place in range(run.counts[1]):
        i = run.found[place, 1]
        if follow(nodes, points, i, layer, k, 0, off) != 0 or follow(nodes, points, i, layer, k, 1, on) != 0:
            return NEW_PATTERN
        add_jump(nodes, points, run, i, int(off[depth]), int(on[depth]), m)
    return 0


@lean
def meets_clearly(run: Run, size: float, far: float) -> bool:
    """Whether the new wall is met at an angle, and its normal is not in the span of those of the sliding walls."""
    m, n = run.counts[0], run.theta.size
    row, velocity = run.rows[m], run.room.arriving
    if m > 0:
        apart = 0.0
        for j in range(n):
            part = inner_product(row, run.room.onto[j])
            apart += part * part
        if apart < DEPENDENT:
            return False
    bend = 0.0
    for j in range(n):
        part = inner_product(run.hessian[j], velocity)
        bend += part * part
    arriving, turning = inner_product(row, velocity), length_of(row) * math.sqrt(bend)
    return arriving * arriving > 4.0 * TOUCH * (1.0 + far) * turning and abs(arriving) > 10 * FLAT_VALUE * size


@lean
def choose_mode(run: Run, before: int, tolerance: float) -> int:
    """The mode of the new wall, whose data were truncated or active ``before``."""
    m, n, room = run.counts[0], run.theta.size, run.room
    fill_gram(run.rows, m + 1, room.normals)
    for wall in range(m + 1):
        push_on_wall, jump = 0.0, run.jump_value[wall]
        for column in range(n):
            force = run.c[column]
            for inner in range(n):
                force -= run.H[column, inner] * run.theta[inner]
            push_on_wall += run.rows[wall, column] * force
            jump += run.jump[wall, column] * run.theta[column]
        room.pushes[wall], room.jumps[wall] = push_on_wall, jump
    if before == 1:  # H and c count the new data as active
        for wall in range(m + 1):
            room.pushes[wall] += room.jumps[m] * room.normals[wall, m]
    return choose(room, m + 1, tolerance, 1 if before == 0 else -1)


@lean
def plain_mode(nodes: Nodes, points: Points, run: Run, size: float, far: float) -> int:
    """The mode of the one wall that is met, or NOT_PLAIN_MODE, or NEW_PATTERN."""
    if run.counts[0] == run.theta.size or not is_one_wall(points, run.found, run.counts[1]):
        return NOT_PLAIN_MODE
    if add_wall(nodes, points, run) != 0:
        return NEW_PATTERN
    if not meets_clearly(run, size, far):
        return NOT_PLAIN_MODE
    before = points.active[run.found[0, 0], run.found[0, 1], run.found[0, 2]]
    return choose_mode(run, before, 10 * FLAT_VALUE * size)


@lean
def pass_or_slide(nodes: Nodes, points: Points, log: Log, run: Run, mode: int) -> None:
    """Give the data that were found their new patterns and places; ``add_wall`` has seen that there are nodes."""
    depth, m, path, leaves = points.active.shape[0], run.counts[0], run.room.on, run.room.leaves
    layer, k = run.found[0, 0], run.found[0, 2]
    entry = 1 if mode == 1 else 0
    unmark(run)
    for place in range(run.counts[1]):
        i = run.found[place, 1]
        follow(nodes, points, i, layer, k, entry, path)
        leaves[0], leaves[1] = points.node[depth, i], path[depth]
        moved = leaves[0] != leaves[1]
        if moved:
            add_leaves(nodes, points, leaves, -1.0, run)
        pull(points, layer, i, k)
        take_out_behind(points, i, layer)
        if points.active[layer, i, k] != entry:
            write_change(log, layer, i, k, entry)
        points.active[layer, i, k] = entry
        for later in range(layer, depth):
            points.node[later + 1, i] = path[later + 1]
        if mode == 0:
            points.sliding[layer, i, k] = m
            hold(run, i)
            write_change(log, layer, i, k, SLIDES + m)
        else:
            push(points, layer, i, k)
            mark(run, layer, i, k)
        put_in_behind(nodes, points, i, layer)
        if moved:
            add_leaves(nodes, points, leaves, 1.0, run)
    if mode == 0:
        run.offsets[m] = inner_product(run.rows[m], run.theta)
        run.counts[0] = m + 1
