"""What a run changes as it goes: the state, the marks of walls just met, and rows of the log."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.compiling import bundled, lean
from symflow.flow.chamber.history import Log
from symflow.network.arrays import Array


@bundled
class Room(NamedTuple):
    """Room for what the inner loop computes on the way: it makes no arrays. p = n + 1 walls at most."""

    change_of_hessian: Array  # (n, n)
    change_of_force: Array  # (n,)
    half: Array  # (n, n)
    terms: Array  # (ORDER, n) of the Taylor polynomial of θ
    powers: Array  # (ORDER,) of that of a wall
    onto: Array  # (n, n) projection onto the sliding walls
    multipliers: Array  # (p, n) (ggᵀ)^{-1} g of their gradients g
    exits: Array  # (2p, n) functions that end a slide: gradients, and
    values: Array  # (2p,) values
    at_zero: Array  # (2p,) 1 for those that begin at zero
    rates: Array  # (n,) λ
    directions: Array  # (n, n) V
    speeds: Array  # (n,) v
    reach: Array  # (n,) and
    slopes: Array  # (n,) for roots
    arrived: Array  # (n,) θ at the event, and
    arriving: Array  # (n,) θ' before it
    normals: Array  # (p, p) g gᵀ
    pushes: Array  # (p,) g · (c - Hθ)
    jumps: Array  # (p,) d
    shares: Array  # (p,)
    modes: Array  # (p,) integers, as
    places: Array  # (p,)
    matrix: Array  # (p, p) a system of equations, and
    right: Array  # (p, 1) its right side
    on: Array  # (L + 1,) the nodes of a datum with an entry on, and
    off: Array  # (L + 1,) off
    leaves: Array  # (2,) the last nodes before and after an event


@bundled
class Run(NamedTuple):
    """What a run changes in place, besides the places of the points and the log. n = size of θ."""

    theta: Array  # (n,)
    clock: Array  # (3,) time, events in a row without time in between, and the way of θ so far
    counts: Array  # (3,) sliding walls, data found at walls, events until the sums are renewed
    H: Array  # (n, n)
    c: Array  # (n,)
    hessian: Array  # (n, n) ΠHΠ, and
    velocity: Array  # (n,) Π(c - Hθ), Π the projection onto the sliding walls
    rows: Array  # (n + 1, n) gradients of the sliding walls
    offsets: Array  # (n + 1,) their values row · θ
    jump: Array  # (n + 1, n) and
    jump_value: Array  # (n + 1,): d = jump · θ + jump_value
    fresh: Array  # (L, N, Q) 1 for walls that have just been met
    marked: Array  # (1 + L·N·Q, 3) which: the count in row 0, then layer, datum, component
    held: Array  # (1 + N,) the count in entry 0, then the data that slide
    found: Array  # (·, 3) layer, datum, component of the data at walls
    room: Room


def empty_run(start: Array, places: tuple[int, int, int], order: int) -> Run:
    """At the start; ``places`` are L, N, Q."""
    n, p, depth = start.size, start.size + 1, places[0]
    none, integers = np.zeros, np.int64
    room = Room(
        none((n, n)), none(n), none((n, n)), none((order, n)), none(order), none((n, n)), none((p, n)),
        none((2 * p, n)), none(2 * p), none(2 * p, dtype=integers), none(n), none((n, n)), none(n), none(n), none(n),
        none(n), none(n), none((p, p)), none(p), none(p),
        none(p), none(p, dtype=integers), none(p, dtype=integers), none((p, p)), none((p, 1)),
        none(depth + 1, dtype=integers), none(depth + 1, dtype=integers), none(2, dtype=integers),
    )  # fmt: skip
    run = Run(
        start, none(3), none(3, dtype=integers), none((n, n)), none(n), none((n, n)), none(n), none((p, n)), none(p),
        none((p, n)), none(p), none(places, dtype=integers), none((1 + int(np.prod(places)), 3), dtype=integers),
        none(1 + places[1], dtype=integers), none((places[1] + 16, 3), dtype=integers), room,
    )  # fmt: skip
    outdate(run)
    return run


@lean
def hold(run: Run, i: int) -> None:
    """Datum i begins to slide."""
    run.held[0] += 1
    run.held[run.held[0]] = i


@lean
def outdate(run: Run) -> None:
    """H, c and all ``safe`` ways have to be computed anew."""
    run.counts[2] = -1


@lean
def mark(run: Run, layer: int, i: int, k: int) -> None:
    """Remember that a wall has just been met; ``run.marked[0]`` rows count, from row 1 on."""
    count = run.marked[0, 0] + 1
    run.marked[0, 0] = count
    run.marked[count, 0], run.marked[count, 1], run.marked[count, 2] = layer, i, k
    run.fresh[layer, i, k] = 1


@lean
def unmark(run: Run) -> None:
    """Forget all of them."""
    for place in range(1, run.marked[0, 0] + 1):
        run.fresh[run.marked[place, 0], run.marked[place, 1], run.marked[place, 2]] = 0
    run.marked[0, 0] = 0


@lean
def write_change(log: Log, layer: int, i: int, k: int, entry: int) -> None:
    """Note that an entry of a pattern changed."""
    row = log.counts[1]
    log.changes[row, 0], log.changes[row, 1], log.changes[row, 2], log.changes[row, 3] = layer, i, k, entry
    log.counts[1] = row + 1


@lean
def write_segment(log: Log, run: Run, size: float) -> None:
    """One more segment, from here."""
    row, n = log.counts[0], run.theta.size
    log.begin[row] = run.clock[0]
    log.first[row] = log.counts[2]
    log.size[row] = size
    for column in range(n):
        log.theta[row, column] = run.theta[column]
        log.velocity[row, column] = run.velocity[column]
        for other in range(n):
            log.hessian[row, column, other] = run.hessian[column, other]
    log.counts[0] = row + 1
