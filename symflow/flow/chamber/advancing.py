"""The compiled part of the event loop: segment after segment as long as what happens at the walls is clear.

Plain is: one wall is reached, beyond any doubt of roundoff, by data that are at no other wall; it is crossed or begins
to be slid on, and all walls that are slid on stay so (``passing``). Otherwise every choice is tried (``settling``).
Where that leaves more than one, or a doubt, ``integrator`` takes over.

Most events come soon and are plain: these go round in ``plain_events``, which makes no arrays.
"""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE, Points, quadratic, refresh_moments
from symflow.flow.chamber.compiling import compiled, lean
from symflow.flow.chamber.history import Log
from symflow.flow.chamber.nearby import (
    NEARBY,
    advanced,
    exit_nearby,
    expand,
    size_of,
    velocity_then,
    wall_nearby,
)
from symflow.flow.chamber.passing import NEW_PATTERN, code_with, pass_or_slide, plain_mode
from symflow.flow.chamber.plain_choices import NOT_PLAIN_MODE
from symflow.flow.chamber.prefixes import Nodes, child_of
from symflow.flow.chamber.running import Run, write_segment
from symflow.flow.chamber.settling import settle
from symflow.flow.chamber.short_vectors import largest_of, length_of
from symflow.flow.chamber.stepping import (
    fill_modes,
    fill_projection,
    next_event,
    restrict,
    state_at,
    velocity_at,
)
from symflow.flow.chamber.tolerances import AT_WALL, FLAT_VALUE, ROUNDOFF
from symflow.flow.chamber.trials import Trial
from symflow.flow.chamber.zero_classes import Classes
from symflow.network.arrays import Array

MOST_AT_ONCE = 50  # events without time in between
REFRESH = 64  # events between fresh sums of the moments, and one more for so many data:
DATA_PER_EVENT = 16  # that makes their work small

# why the compiled loop hands back
NOTHING_LEFT, NOT_PLAIN, LOG_FULL, DOUBTFUL_ROOT, AT_REST, NOTHING_AT_WALL, ENOUGH, STANDSTILL = range(8)
# and why the plain one does, besides
FAR, NEW, RENEW = range(8, 11)


@lean
def at_walls(nodes: Nodes, points: Points, used: int, theta: Array, bound: float, way: float, found: Array) -> int:
    """Write (layer, datum, component) of all data in heaps with a preactivation within ``bound`` of zero; how many.

    The rows already written are the queue of the search: what lies farther out in a heap is looked at only below data
    that are within the bound. More than ``found`` holds are not told apart. ``way`` is that of θ so far.
    """
    depth, n = points.active.shape[0], theta.size
    count = 0
    for node in range(used):
        layer = nodes.level[node]
        if layer == depth or points.members[node] == 0:
            continue
        for k in range(points.x.shape[1]):
            if points.safe[node, k] > way:
                continue
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


@lean
def begins_at_zero(value: float, size: float) -> int:
    """1 for a function that ends a slide and is zero where the slide begins, but for roundoff.

    One that decays to zero, or begins there, may be small for long: above roundoff it is an ordinary number.
    """
    return 1 if -10 * FLAT_VALUE * size <= value <= ROUNDOFF * size else 0


@lean
def fill_exits(run: Run, size: float) -> None:
    """Fill in μ_l and d_l - μ_l of all sliding walls: gradients by θ, values, and which of them are zero."""
    m, n, room = run.counts[0], run.theta.size, run.room
    for wall in range(m):
        low, high = 0.0, run.jump_value[wall]
        for column in range(n):
            total = 0.0
            for inner in range(n):
                total -= room.multipliers[wall, inner] * run.H[inner, column]
            room.exits[wall, column] = total
            room.exits[m + wall, column] = run.jump[wall, column] - total
            low += room.multipliers[wall, column] * run.c[column] + total * run.theta[column]
            high += run.jump[wall, column] * run.theta[column]
        room.values[wall], room.values[m + wall] = low, high - low
    for place in range(2 * m):
        room.at_zero[place] = begins_at_zero(room.values[place], size)


@lean
def move(run: Run, step: float) -> float:
    """Go to the event, and back onto the sliding walls as far as roundoff has led away; largest entry of θ."""
    m, n, room = run.counts[0], run.theta.size, run.room
    run.clock[0] += step
    run.clock[1] = run.clock[1] + 1.0 if step <= 1e-15 * (1.0 + run.clock[0]) else 0.0
    run.clock[2] += step * length_of(run.velocity)
    for column in range(n):
        run.theta[column] = room.arrived[column]
    for wall in range(m):
        defect = -run.offsets[wall]
        for column in range(n):
            defect += run.rows[wall, column] * room.arrived[column]
        for column in range(n):
            run.theta[column] -= room.multipliers[wall, column] * defect
    return largest_of(run.theta)


@lean
def soon(nodes: Nodes, points: Points, used: int, run: Run, left: float, size_x: float) -> float:
    """The next event, if it comes before ``left`` and so soon that ``nearby`` finds it; else nan."""
    room, exits = run.room, 2 * run.counts[0]
    hessian = size_of(run.hessian)
    end = left if hessian * left <= NEARBY else NEARBY / hessian
    expand(run.hessian, run.velocity, room.terms)
    speed, turn = length_of(run.velocity), 2.0 * length_of(room.terms[1])
    found = exit_nearby(room.exits[:exits], room.values, room.at_zero, run.velocity, room.terms, turn, end, room.powers)
    if np.isnan(found):
        return np.nan
    margin = 10.0 * AT_WALL * (size_x + length_of(run.theta))
    found = wall_nearby(
        nodes, points, used, run.fresh, run.theta, run.velocity, room.terms, speed, turn, run.clock[2], margin, found,
        room.powers,
    )  # fmt: skip
    return found if found < end else np.nan


@lean
def begin_segment(log: Log, run: Run) -> float:
    """Fill in the flow from here on and write it down; what roundoff is measured by."""
    m, room = run.counts[0], run.room
    if m > 0:
        fill_projection(run.rows, m, room.normals, room.onto, room.multipliers)
    size: float = restrict(run.H, run.c, run.theta, room.onto, m, run.hessian, run.velocity, room.half)
    fill_exits(run, size)
    write_segment(log, run, size)
    return size


@lean
def arrive(nodes: Nodes, points: Points, log: Log, run: Run, step: float, size_x: float) -> bool:
    """Go to the event that ends the segment and find the data at walls; whether there is anything to be done."""
    far = move(run, step)
    log.counts[2] = log.counts[1]
    bound = AT_WALL * (size_x + far)
    run.counts[1] = at_walls(nodes, points, nodes.counts[0], run.theta, bound, run.clock[2], run.found)
    return bool(run.counts[1] > 0 or run.counts[0] > 0)


@lean
def plain_events(
    nodes: Nodes, points: Points, log: Log, run: Run, t_max: float, size_x: float, most: int, arrived: bool
) -> int:
    """Run on, from a wall where data have ``arrived`` or from a state, until something is not plain; why."""
    room = run.room
    while True:
        if arrived:
            size = log.size[log.counts[0] - 1]
            mode = plain_mode(nodes, points, run, size, largest_of(run.theta))
            if mode == NEW_PATTERN:
                return NEW
            if mode == NOT_PLAIN_MODE:
                return NOT_PLAIN
            pass_or_slide(nodes, points, log, run, mode)
            run.counts[2] -= 1
        row = log.counts[0]
        if row >= log.begin.size or log.counts[1] + run.found.shape[0] * 2 > log.changes.shape[0]:
            return LOG_FULL
        if row > most:
            return ENOUGH
        if run.clock[1] > MOST_AT_ONCE:
            return STANDSTILL
        if run.counts[2] < 0:
            return RENEW
        begin_segment(log, run)
        step = soon(nodes, points, nodes.counts[0], run, t_max - run.clock[0], size_x)
        if np.isnan(step):
            return FAR
        advanced(run.theta, room.terms, step, room.arrived)
        velocity_then(room.terms, step, room.arriving)
        if not arrive(nodes, points, log, run, step, size_x):
            return NOTHING_AT_WALL
        arrived = True


@lean
def far_event(
    nodes: Nodes, points: Points, log: Log, run: Run, exits: Array, values: Array, at_zero: Array, t_max: float,
    size_x: float,
) -> tuple[int, int]:  # fmt: skip
    """Go to the event that ends the last segment, by its modes; NOT_PLAIN, or why there is none, and a number.

    A slide ends where one of the functions values + exits · (θ - θ0) comes to zero.
    """
    room, size = run.room, log.size[log.counts[0] - 1]
    rates, V, v = room.rates, room.directions, room.speeds
    fill_modes(run.hessian, run.velocity, size, rates, V, v)
    if largest_of(v) == 0.0:
        return AT_REST, 0
    step, left = np.inf, t_max - run.clock[0]
    for attempt in range(2):
        step = next_event(
            nodes, points, nodes.counts[0], run.fresh, run.theta, rates, V, v, exits, values, at_zero,
            left if attempt == 0 else np.inf, FLAT_VALUE * size, room.reach, room.slopes,
        )  # fmt: skip
        if attempt == 1:
            return NOTHING_LEFT, 0 if np.isinf(step) else 1
        if np.isnan(step):
            return DOUBTFUL_ROOT, 0
        if not np.isinf(step):
            break
    state_at(run.theta, rates, V, v, step, room.arrived)
    velocity_at(rates, V, v, step, room.arriving)
    return NOT_PLAIN if arrive(nodes, points, log, run, step, size_x) else NOTHING_AT_WALL, 0


@lean
def make_patterns(nodes: Nodes, points: Points, run: Run) -> bool:
    """Make the nodes to which the data at a wall may go; False without room for them."""
    depth, layer, k = points.active.shape[0], run.found[0, 0], run.found[0, 2]
    for place in range(run.counts[1]):
        i = run.found[place, 1]
        for entry in range(2):
            node = points.node[layer, i]
            for later in range(layer, depth):
                node = child_of(nodes, node, code_with(points, later, i, k if later == layer else -1, entry))
                if node < 0:
                    return False
    return True


@compiled
def renew(nodes: Nodes, points: Points, run: Run) -> None:
    """Sum everything anew, so that roundoff of additions and removals does not pile up."""
    refresh_moments(points)
    quadratic(nodes, points, nodes.counts[0], run.H, run.c)
    run.counts[2] = REFRESH + points.w.size // DATA_PER_EVENT
    run.clock[2] = 0.0
    points.safe[:] = 0.0


@lean
def advance(
    nodes: Nodes, points: Points, log: Log, run: Run, classes: Classes, trial: Trial, t_max: float, size_x: float,
    most: int,
) -> tuple[int, int]:  # fmt: skip
    """Run on from the state until something is not plain: (why, a number).

    The number is 1 for NOTHING_LEFT if there are events after t_max. Everything is updated in place.
    """
    arrived = False
    while True:
        why = plain_events(nodes, points, log, run, t_max, size_x, most, arrived)
        arrived = True
        if why == RENEW:
            renew(nodes, points, run)
            arrived = False
        elif why == NEW:
            if not make_patterns(nodes, points, run):
                return NOT_PLAIN, 0
        elif why == FAR:
            room, exits = run.room, 2 * run.counts[0]
            found, later = far_event(
                nodes, points, log, run, room.exits[:exits], room.values, room.at_zero, t_max, size_x
            )
            if found != NOT_PLAIN:
                return found, later
        elif why != NOT_PLAIN:
            return why, 0
        elif settle(nodes, points, log, run, classes, trial):
            renew(nodes, points, run)
            arrived = False
        else:
            return NOT_PLAIN, 0
