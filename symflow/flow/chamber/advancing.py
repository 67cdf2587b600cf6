"""The compiled part of the event loop: segment after segment as long as what happens at the walls is clear.

Plain is: one wall is reached, beyond any doubt of roundoff, by data that are at no other wall; it is crossed or begins
to be slid on, and all walls that are slid on stay so (``plain_choices``). Otherwise every choice is tried
(``settling``). Where that leaves more than one, or a doubt, ``integrator`` takes over.
"""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE, Points, put_in, quadratic, refresh_moments, take_out
from symflow.flow.chamber.compiling import compiled
from symflow.flow.chamber.history import SLIDES, Log
from symflow.flow.chamber.plain_choices import NOT_PLAIN_MODE, choose, follow, jump_of
from symflow.flow.chamber.prefixes import Nodes
from symflow.flow.chamber.running import Run, mark, unmark, write_change, write_segment
from symflow.flow.chamber.settling import settle
from symflow.flow.chamber.stepping import gram, linear_flow, next_event, projection, state_at
from symflow.flow.chamber.tolerances import AT_WALL, DEPENDENT, FLAT_VALUE, TOUCH
from symflow.network.arrays import Array

MOST_AT_ONCE = 50  # events without time in between
REFRESH = 64  # events between fresh sums of the moments

# why the compiled loop hands back
NOTHING_LEFT, NOT_PLAIN, LOG_FULL, DOUBTFUL_ROOT, AT_REST, NOTHING_AT_WALL, ENOUGH, STANDSTILL = range(8)


@compiled
def at_walls(nodes: Nodes, points: Points, used: int, theta: Array, bound: float, found: Array) -> int:
    """Write (layer, datum, component) of all data in heaps with a preactivation within ``bound`` of zero; how many.

    The rows already written are the queue of the search: what lies farther out in a heap is looked at only below data
    that are within the bound. More than ``found`` holds are not told apart.
    """
    depth, n = points.active.shape[0], theta.size
    count = 0
    for node in range(used):
        layer = nodes.level[node]
        if layer == depth or points.members[node] == 0:
            continue
        for k in range(points.x.shape[1]):
            base = 0.0
            for column in range(n):
                base += nodes.rows[node, k, column] * theta[column]
            for side in range(2):
                looked_at = count
                place = points.below[node, k] if side == 0 else points.above[node, k]
                while True:
                    while place != NONE:
                        if abs(base + points.s[layer, place, k]) <= bound:
                            if count == found.shape[0]:
                                return count + 1
                            found[count, 0], found[count, 1], found[count, 2] = layer, place, k
                            count += 1
                        place = points.after[layer, place, k]
                    if looked_at == count:
                        break
                    place = points.child[layer, found[looked_at, 1], k]
                    looked_at += 1
    return count


@compiled
def sliding_exits(run: Run, multipliers: Array) -> tuple[Array, Array]:
    """(exits, values): μ_l and d_l - μ_l of all sliding walls, as gradients by θ and as values at θ."""
    m, n = multipliers.shape
    exits, values = np.zeros((2 * m, n)), np.zeros(2 * m)
    for wall in range(m):
        for column in range(n):
            values[wall] += multipliers[wall, column] * run.c[column]
            for inner in range(n):
                exits[wall, column] -= multipliers[wall, inner] * run.H[inner, column]
        values[m + wall] = run.jump_value[wall] - values[wall]
        for column in range(n):
            exits[m + wall, column] = run.jump[wall, column] - exits[wall, column]
    for place in range(2 * m):
        for column in range(n):
            values[place] += exits[place, column] * run.theta[column]
    return exits, values


@compiled
def force_size(run: Run) -> float:
    """Largest sum of absolute summands of c - Hθ: what its roundoff is measured by."""
    size = 0.0
    for row in range(run.theta.size):
        term = abs(run.c[row])
        for column in range(run.theta.size):
            term += abs(run.H[row, column] * run.theta[column])
        size = max(size, term)
    return size


@compiled
def move(run: Run, multipliers: Array, rates: Array, V: Array, v: Array, step: float) -> float:
    """Go to the event, and back onto the sliding walls as far as roundoff has led away; largest entry of θ."""
    m, n = multipliers.shape
    run.clock[0] += step
    run.clock[1] = run.clock[1] + 1.0 if step <= 1e-15 * (1.0 + run.clock[0]) else 0.0
    arrived = state_at(run.theta, rates, V, v, step)
    run.theta[:] = arrived
    for wall in range(m):
        defect = -run.offsets[wall]
        for column in range(n):
            defect += run.rows[wall, column] * arrived[column]
        for column in range(n):
            run.theta[column] -= multipliers[wall, column] * defect
    largest = 0.0
    for column in range(n):
        largest = max(largest, abs(run.theta[column]))
    return largest


@compiled
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


@compiled
def add_wall(nodes: Nodes, points: Points, run: Run, count: int) -> bool:
    """Write the wall that was found behind the sliding ones; False if there is no room for the patterns they enter."""
    depth, m = points.active.shape[0], run.slides[0]
    layer, leader, k = run.found[0, 0], run.found[0, 1], run.found[0, 2]
    run.rows[m] = nodes.rows[points.node[layer, leader], k]
    run.jump[m] = 0.0
    run.jump_value[m] = 0.0
    off, on = np.zeros(depth + 1, dtype=np.int64), np.zeros(depth + 1, dtype=np.int64)
    for place in range(count):
        i = run.found[place, 1]
        if follow(nodes, points, i, layer, k, 0, off) == NONE or follow(nodes, points, i, layer, k, 1, on) == NONE:
            return False
        run.jump_value[m] += jump_of(nodes, points, i, run.rows[m], int(off[depth]), int(on[depth]), run.jump[m])
    return True


@compiled
def meets_clearly(
    run: Run, onto: Array, rates: Array, V: Array, v: Array, step: float, size: float, far: float
) -> bool:
    """Whether the new wall is met at an angle, and its normal is not in the span of those of the sliding walls."""
    m, n = run.slides[0], run.theta.size
    arriving, turning, apart = 0.0, 0.0, 0.0
    for j in range(n):
        inner, part = 0.0, 0.0
        for column in range(n):
            inner += run.rows[m, column] * V[column, j]
            part += onto[j, column] * run.rows[m, column]
        speed = inner * v[j] * np.exp(-rates[j] * step)
        arriving += speed
        turning += rates[j] * abs(speed)
        apart += part * part
    if m > 0 and apart < DEPENDENT:
        return False
    return arriving * arriving > 4.0 * TOUCH * (1.0 + far) * turning and abs(arriving) > 10 * FLAT_VALUE * size


@compiled
def choose_mode(run: Run, before: int, tolerance: float) -> int:
    """The mode of the new wall, whose data were truncated or active ``before``."""
    m, n = run.slides[0], run.theta.size
    N = gram(run.rows[: m + 1])
    b, d = np.zeros(m + 1), np.zeros(m + 1)
    for wall in range(m + 1):
        d[wall] = run.jump_value[wall]
        for column in range(n):
            force = run.c[column]
            for inner in range(n):
                force -= run.H[column, inner] * run.theta[inner]
            b[wall] += run.rows[wall, column] * force
            d[wall] += run.jump[wall, column] * run.theta[column]
    if before == 1:  # H and c count the new data as active
        for wall in range(m + 1):
            b[wall] += d[m] * N[wall, m]
    return choose(b, N, d, tolerance, 1 if before == 0 else -1)


@compiled
def pass_or_slide(nodes: Nodes, points: Points, log: Log, run: Run, count: int, mode: int) -> None:
    """Give the data that were found their new patterns and places."""
    depth, m = points.active.shape[0], run.slides[0]
    layer, k = run.found[0, 0], run.found[0, 2]
    path = np.zeros(depth + 1, dtype=np.int64)
    entry = 1 if mode == 1 else 0
    unmark(run)
    for place in range(count):
        i = run.found[place, 1]
        follow(nodes, points, i, layer, k, entry, path)
        take_out(points, i, layer)
        if points.active[layer, i, k] != entry:
            write_change(log, layer, i, k, entry)
        points.active[layer, i, k] = entry
        for later in range(layer, depth):
            points.node[later + 1, i] = path[later + 1]
        if mode == 0:
            points.sliding[layer, i, k] = m
            write_change(log, layer, i, k, SLIDES + m)
        else:
            mark(run, layer, i, k)
        put_in(nodes, points, i, layer)
    if mode == 0:
        run.offsets[m] = 0.0
        for column in range(run.theta.size):
            run.offsets[m] += run.rows[m, column] * run.theta[column]
        run.slides[0] = m + 1


@compiled
def plain_mode(
    nodes: Nodes, points: Points, run: Run, count: int, onto: Array, rates: Array, V: Array, v: Array, step: float,
    size: float, far: float,
) -> int:  # fmt: skip
    """The mode of the one wall that is met, or NOT_PLAIN_MODE."""
    if run.slides[0] == run.theta.size or not is_one_wall(points, run.found, count):
        return NOT_PLAIN_MODE
    if not add_wall(nodes, points, run, count) or not meets_clearly(run, onto, rates, V, v, step, size, far):
        return NOT_PLAIN_MODE
    before = points.active[run.found[0, 0], run.found[0, 1], run.found[0, 2]]
    return choose_mode(run, before, 10 * FLAT_VALUE * size)


@compiled
def advance(
    nodes: Nodes, points: Points, log: Log, run: Run, t_max: float, size_x: float, most: int
) -> tuple[int, int]:
    """Run on from the state until something is not plain: (why, a number).

    The number is 1 for NOTHING_LEFT if there are events after t_max. Everything is updated in place.
    """
    while True:
        row, m, used = log.counts[0], run.slides[0], nodes.counts[0]
        if row >= log.begin.size or log.counts[1] + run.found.shape[0] * 2 > log.changes.shape[0]:
            return LOG_FULL, 0
        if row > most:
            return ENOUGH, 0
        if run.clock[1] > MOST_AT_ONCE:
            return STANDSTILL, 0
        if row % REFRESH == 0:
            refresh_moments(points)
        quadratic(nodes, points, used, run.H, run.c)
        onto, multipliers = projection(run.rows[:m])
        exits, values = sliding_exits(run, multipliers)
        rates, V, v = linear_flow(run.H, run.c, run.theta, onto, m)
        size = force_size(run)
        at_zero = np.zeros(2 * m, dtype=np.int64)
        for place in range(2 * m):
            at_zero[place] = 1 if abs(values[place]) <= 10 * FLAT_VALUE * size else 0
        write_segment(log, run, rates, V, v)
        if not v.any():
            return AT_REST, 0
        flat = FLAT_VALUE * size
        left = t_max - run.clock[0]
        step = next_event(nodes, points, used, run.fresh, run.theta, rates, V, v, exits, values, at_zero, left, flat)
        if np.isnan(step):
            return DOUBTFUL_ROOT, 0
        if np.isinf(step):
            later = next_event(
                nodes, points, used, run.fresh, run.theta, rates, V, v, exits, values, at_zero, np.inf, flat
            )
            return NOTHING_LEFT, 0 if np.isinf(later) else 1
        far = move(run, multipliers, rates, V, v, step)
        log.counts[2] = log.counts[1]
        count = at_walls(nodes, points, used, run.theta, AT_WALL * (size_x + far), run.found)
        if count == 0 and m == 0:
            return NOTHING_AT_WALL, 0
        mode = plain_mode(nodes, points, run, count, onto, rates, V, v, step, size, far)
        if mode != NOT_PLAIN_MODE:
            pass_or_slide(nodes, points, log, run, count, mode)
        elif not settle(nodes, points, log, run, count):
            return NOT_PLAIN, 0
