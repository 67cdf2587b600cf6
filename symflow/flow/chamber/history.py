"""What the event loop writes down: arrays that the compiled loop can fill, read back as segments only when asked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.compiling import bundled
from symflow.network.arrays import Array

# entries of a change, besides 0 (truncated) and 1 (active)
STOPS = -1  # no longer on a sliding wall
SLIDES = 2  # from now on on the sliding wall 0; 3 for wall 1, and so on


@bundled
class Log(NamedTuple):
    """Rows of segments and of pattern changes; ``counts`` holds how many of each count."""

    begin: Array  # (E,)
    theta: Array  # (E, n)
    hessian: Array  # (E, n, n) ΠHΠ, and
    velocity: Array  # (E, n) θ' at the begin: θ' = velocity - hessian (θ - theta)
    size: Array  # (E,) what roundoff of the velocity is measured by
    first: Array  # (E,) first change of the segment
    changes: Array  # (M, 4): layer, datum, component, entry
    counts: Array  # (3,): segments, changes, first change of the next segment


def empty_log(n: int, segments: int, changes: int) -> Log:
    """Room for so many rows."""
    return Log(
        np.zeros(segments), np.zeros((segments, n)), np.zeros((segments, n, n)), np.zeros((segments, n)),
        np.zeros(segments), np.zeros(segments, dtype=np.int64), np.zeros((changes, 4), dtype=np.int64),
        np.zeros(3, dtype=np.int64),
    )  # fmt: skip


def with_room(log: Log, segments: int, changes: int) -> Log:
    """The same log with room for so many further rows; at least twice as large if it has to grow."""
    used, changed = int(log.counts[0]), int(log.counts[1])
    more = used + segments > log.begin.size
    wider = changed + changes > log.changes.shape[0]
    if not more and not wider:
        return log
    larger = empty_log(
        log.theta.shape[1],
        max(2 * log.begin.size, used + segments) if more else log.begin.size,
        max(2 * log.changes.shape[0], changed + changes) if wider else log.changes.shape[0],
    )
    for name in ("begin", "theta", "hessian", "velocity", "size", "first"):
        getattr(larger, name)[:used] = getattr(log, name)[:used]
    larger.changes[:changed] = log.changes[:changed]
    larger.counts[:] = log.counts
    return larger
