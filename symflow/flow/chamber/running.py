"""What a run changes as it goes: the state, the marks of walls just met, and rows of the log."""

from __future__ import annotations

from typing import NamedTuple

from symflow.flow.chamber.compiling import compiled
from symflow.flow.chamber.history import Log
from symflow.network.arrays import Array


class Run(NamedTuple):
    """What a run changes in place, besides the places of the points and the log. n = size of θ."""

    theta: Array  # (n,)
    clock: Array  # (2,) time, events in a row without time in between
    H: Array  # (n, n)
    c: Array  # (n,)
    rows: Array  # (n + 1, n) gradients of the sliding walls
    offsets: Array  # (n + 1,) their values row · θ
    jump: Array  # (n + 1, n) and
    jump_value: Array  # (n + 1,): d = jump · θ + jump_value
    slides: Array  # (1,) how many there are
    fresh: Array  # (L, N, Q) 1 for walls that have just been met
    marked: Array  # (1 + L·N·Q, 3) which: the count in row 0, then layer, datum, component
    found: Array  # (·, 3) layer, datum, component of the data at walls


@compiled
def mark(run: Run, layer: int, i: int, k: int) -> None:
    """Remember that a wall has just been met; ``run.marked[0]`` rows count, from row 1 on."""
    count = run.marked[0, 0] + 1
    run.marked[0, 0] = count
    run.marked[count, 0], run.marked[count, 1], run.marked[count, 2] = layer, i, k
    run.fresh[layer, i, k] = 1


@compiled
def unmark(run: Run) -> None:
    """Forget all of them."""
    for place in range(1, run.marked[0, 0] + 1):
        run.fresh[run.marked[place, 0], run.marked[place, 1], run.marked[place, 2]] = 0
    run.marked[0, 0] = 0


@compiled
def write_change(log: Log, layer: int, i: int, k: int, entry: int) -> None:
    """Note that an entry of a pattern changed."""
    row = log.counts[1]
    log.changes[row, 0], log.changes[row, 1], log.changes[row, 2], log.changes[row, 3] = layer, i, k, entry
    log.counts[1] = row + 1


@compiled
def write_segment(log: Log, run: Run, rates: Array, V: Array, v: Array) -> None:
    """One more segment, from here."""
    row = log.counts[0]
    log.begin[row] = run.clock[0]
    log.first[row] = log.counts[2]
    log.theta[row] = run.theta
    log.rates[row] = rates
    log.V[row] = V
    log.v[row] = v
    log.counts[0] = row + 1
