"""Event times isolated in ball arithmetic: a replay of a trajectory in which every inequality is proved.

The replay takes from the trajectory only which data change at which event, and about when. Everything else is computed
anew in python-flint balls: rotations made orthogonal, moments, H and c, the flow through the exponential of a block
matrix, and for every wall next to the state the bound

    f(t + h) >= f(t) + f'(t) h - K h²/2,   K = |∇f| |ΠHΠ| |θ'(t)|,

which holds for all h >= 0 because |θ'| does not grow. So the walls that are not reached are positive up to the event,
and those that are reached have one sign change, isolated by an interval Newton step (theory D1, D2). The exact data of
the replay are the floats that were given, except that rotations are replaced by the orthogonal matrices next to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_chambers import BallChamber, BallFunction, BallPatterns
from symflow.flow.chamber.trajectory import ChamberTrajectory

BITS = 192  # and BITS_PER_EVENT for every event, since balls grow along the way
BITS_PER_EVENT = 6
NEAR = 1e-10  # half the width of the interval in which an event is first looked for
REACHED = 1e-8  # functions that are smaller than this at an event, relative to the state, are looked at as its cause
STEPS = 4000
ZERO = 1e-25  # balls within this of zero at the start of a segment are walls that have just been met


@dataclass(frozen=True, slots=True)
class BallCertificate:
    """Every event isolated, and no earlier one, up to the end of the trajectory."""

    events: int
    bits: int
    time_error: float  # largest difference of an event time from the replay
    state_error: float  # largest difference of θ at an event from the replay, absolute
    time_radius: float  # widest isolating ball, in relation to nothing
    unbounded_shares: tuple[int, ...]  # segments whose sliding shares fill polygons: their exits are not proved


def isolate_events(trajectory: ChamberTrajectory) -> BallCertificate:
    """Replay a trajectory in ball arithmetic.

    Raises:
        CertificateError: an event could not be isolated, or another one may come before it.
    """
    before, count = flint.ctx.prec, len(trajectory.segments)
    bits = BITS + BITS_PER_EVENT * count
    flint.ctx.prec = bits
    try:
        return _replay(trajectory, bits)
    finally:
        flint.ctx.prec = before


def _replay(trajectory: ChamberTrajectory, bits: int) -> BallCertificate:
    patterns = BallPatterns(trajectory.problem, trajectory.start_pattern)
    theta = flint.arb_mat([[value] for value in trajectory.problem.start.tolist()])
    begin = flint.arb(0)
    worst_time = worst_state = widest = 0.0
    polygons = []
    last = len(trajectory.segments) - 1
    for index, segment in enumerate(trajectory.segments):
        if index:
            patterns.change(segment.changes)
        chamber = patterns.chamber(theta, segment.sliding)
        if chamber.tied:
            polygons.append(index)
        gap = max(abs(float(theta[row, 0].mid()) - segment.theta[row]) for row in range(theta.nrows()))
        worst_state = max(worst_state, float(gap))
        worst_time = max(worst_time, abs(float(begin.mid()) - float(segment.begin)))
        where = f"segment {index}, from t = {segment.begin:.12g}"
        length = flint.arb(segment.end) - begin
        if index == last:
            if trajectory.status in {"horizon", "equilibrium"}:
                _stay_positive(chamber, chamber.functions, length, where)
            break
        near = flint.arb(min(NEAR, 0.25 * float(length.mid()))) if length > 0 else flint.arb(0)
        reached: list[BallFunction] = []
        others: list[BallFunction] = []
        state = chamber.at(length)
        scale = REACHED * (1.0 + float(abs(theta[0, 0]).mid()))
        for function in chamber.functions:
            (reached if abs(float(function.value(state).mid())) < scale else others).append(function)
        causes = [f for f in reached if f.slope(chamber, state) < 0 and f.value(chamber.at(length + near)) < 0]
        others += [f for f in reached if not any(f is cause for cause in causes)]
        if not causes:
            if chamber.tied:
                raise CertificateError(f"{where}: the event that ends it is the exit from a polygon of shares")
            raise CertificateError(f"{where}: no wall passes through zero at its end, t = {segment.end:.12g}")
        _stay_positive(chamber, causes, length - near, where)
        times = [_isolate(chamber, function, length, near, where) for function in causes]
        step = times[0]
        for other in times[1:]:
            if not step.overlaps(other):
                raise CertificateError(f"{where}: walls taken as met together are met one after another")
            step = step if float(step.rad()) <= float(other.rad()) else other
        _stay_positive(chamber, others, step, where)
        widest = max(widest, float(step.rad()))
        theta = chamber.at(step)
        begin = begin + step
    return BallCertificate(last, bits, worst_time, worst_state, widest, tuple(polygons))


def _isolate(chamber: BallChamber, function: BallFunction, about: Any, near: Any, where: str) -> Any:
    """The only root of a function within ``near`` of a time, as a ball: interval Newton steps."""
    low, high = about - near, about + near
    start = chamber.at(low)
    if not function.value(start) > 0 or not function.value(chamber.at(high)) < 0:
        raise CertificateError(f"{where}: a wall does not change sign around its event")
    bend = function.bend(chamber, start)
    slope = function.slope(chamber, start)
    if not slope + bend * (high - low) < 0:
        raise CertificateError(f"{where}: a wall is met too flatly to tell its root from others")
    root = about
    for _ in range(12):
        middle = root.mid()
        state = chamber.at(middle)
        # on the interval between the middle and the root the slope differs by at most bend·|interval|
        reach = abs(root - middle) + near
        enclosure = function.slope(chamber, state) + bend * reach * flint.arb(0, 1)
        better = middle - function.value(state) / enclosure
        if float(better.rad()) >= 0.5 * float(near.mid()):
            break
        near = flint.arb(better.rad()) * 2
        root = better
    return root


def _stay_positive(chamber: BallChamber, functions: list[BallFunction], end: Any, where: str) -> None:
    """Prove that functions are positive on (0, end]."""
    functions = [function for function in functions if not function.rests(chamber, ZERO)]
    time = flint.arb(0)
    for step in range(STEPS):
        state = chamber.at(time)
        left = end - time
        advance = left
        for function in functions:
            free = function.free_for(chamber, state, at_start=step == 0, zero=ZERO)
            if free is None:
                raise CertificateError(f"{where}: a wall may be met before the event at its end")
            advance = min(advance, free)
        if not advance < left:
            return
        time = time + flint.arb(float(advance.mid()) * 0.999)
    raise CertificateError(f"{where}: more than {STEPS} steps to show that no wall is met earlier")
