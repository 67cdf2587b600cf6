"""The event loop: compiled while all is plain, every choice tried where it is not, a verdict where none is left."""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.advancing import (
    AT_REST,
    DOUBTFUL_ROOT,
    ENOUGH,
    LOG_FULL,
    MOST_AT_ONCE,
    NOT_PLAIN,
    NOTHING_AT_WALL,
    NOTHING_LEFT,
    STANDSTILL,
    fill_exits,
)
from symflow.flow.chamber.bookkeeping import refresh_moments
from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.chamber.resolving import resolve
from symflow.flow.chamber.running import outdate, write_segment
from symflow.flow.chamber.state import FlowState
from symflow.flow.chamber.stepping import fill_modes, next_event, projection, restrict, state_at
from symflow.flow.chamber.tolerances import FLAT_VALUE, ROUNDOFF
from symflow.flow.reporting import Report
from symflow.network.arrays import Array

MOST_EVENTS = 1_000_000
SLICE = 512  # events of the compiled loop at a time, where reports are wanted


class Integrator:
    """A run; leaves the log in ``state``, and status and message."""

    def __init__(self, problem: FlowProblem, max_events: int, report: Report | None = None) -> None:
        self.problem, self.max_events, self.report = problem, max_events, report
        self.state = FlowState(problem)
        self.status, self.message = "horizon", f"events may go on after t_max = {problem.t_max:.12g}"
        self.start_pattern: Array = np.zeros(0)

    def run(self) -> None:
        """Integrate to the horizon, an equilibrium, or a verdict."""
        self._run()
        if self.report is not None:
            over = self.status in {"horizon", "equilibrium"}
            self.report.finish(self.problem.t_max if over else self.state.time)

    def _run(self) -> None:
        state = self.state
        zeros = state.enter_all()
        verdict = resolve(state, zeros) if zeros else None
        self.start_pattern = state.points.active.astype(bool)
        if verdict is not None:
            state.log.theta[0] = state.run.theta
            state.log.counts[0] = 1
            self._stop(verdict.status, verdict.message)
            return
        while True:
            state.make_room()
            if self.report is not None:
                self.report(state.time)
            why = self._python_segment() if state.edges else self._compiled_segments()
            if why == LOG_FULL:
                continue
            if why != NOT_PLAIN:
                self._end(why)
                return
            zeros = state.zeros()
            if not zeros:
                self._end(NOTHING_AT_WALL)
                return
            verdict = resolve(state, zeros)
            if verdict is not None:
                self._stop(verdict.status, verdict.message)
                return

    def _compiled_segments(self) -> int:
        s, t_max = self.state, self.problem.t_max
        if self.report is None:
            why, later = s.advance(t_max, self.max_events)
        else:
            # In slices, between which there is time for a report, and for the interrupt key: compiled code ignores it.
            most = min(self.max_events, int(s.log.counts[0]) + SLICE)
            why, later = s.advance(t_max, most)
            if why == ENOUGH and most < self.max_events:
                why = LOG_FULL  # nothing is decided: come again
        if why == NOTHING_LEFT and later == 0:
            self.status = "equilibrium"
        return int(why)

    def _python_segment(self) -> int:
        """One segment while data slide in two layers at once, or on walls with dependent normals: see ``judging``."""
        s, r = self.state, self.state.run
        row = int(s.log.counts[0])
        if row > self.max_events:
            return ENOUGH
        if r.clock[1] > MOST_AT_ONCE:
            return STANDSTILL
        refresh_moments(s.points)
        s.refresh_quadratic()
        m = int(r.counts[0])
        onto, multipliers = projection(r.rows[:m])
        size = float(restrict(r.H, r.c, r.theta, onto, m, r.hessian, r.velocity, r.room.half))
        write_segment(s.log, r, size)
        rates, V, v = r.room.rates, r.room.directions, r.room.speeds
        fill_modes(r.hessian, r.velocity, size, rates, V, v)
        if not v.any():
            return AT_REST
        if s.edges is None:
            r.room.multipliers[:m] = multipliers
            fill_exits(r, size)
            exits, values = r.room.exits[: 2 * m].copy(), r.room.values[: 2 * m].copy()
        else:
            exits, values = s.edges.gradients, s.edges.gradients @ r.theta + s.edges.values
        at_zero = ((values >= -10 * FLAT_VALUE * size) & (values <= ROUNDOFF * size)).astype(np.int64)
        lengths = []
        for end in (self.problem.t_max - s.time, np.inf):
            step = float(
                next_event(
                    s.table.nodes, s.points, s.table.used, r.fresh, r.theta, rates, V, v, exits, values, at_zero, end,
                    FLAT_VALUE * size, r.room.reach, r.room.slopes,
                )
            )  # fmt: skip
            lengths.append(step)
            if not np.isinf(step):
                break
        if np.isnan(lengths[0]):
            return DOUBTFUL_ROOT
        if np.isinf(lengths[0]):
            if np.isinf(lengths[-1]):
                self.status = "equilibrium"
            return NOTHING_LEFT
        r.clock[0] += lengths[0]
        r.clock[1] = r.clock[1] + 1.0 if lengths[0] <= 1e-15 * (1.0 + s.time) else 0.0
        arrived = np.empty(s.n)
        state_at(r.theta, rates, V, v, lengths[0], arrived)
        outdate(r)
        r.theta[:] = arrived - multipliers.T @ (r.rows[:m] @ arrived - r.offsets[:m])
        return NOT_PLAIN

    def _end(self, why: int) -> None:
        if why == AT_REST:
            self.status, self.message = "equilibrium", f"at rest from t = {self.state.time:.12g} on"
        elif why == NOTHING_LEFT and self.status == "equilibrium":
            self.message = f"no event after t = {self.state.time:.12g}: the flow tends to an equilibrium exponentially"
        elif why != NOTHING_LEFT:
            self._stop(*_REASONS[why])

    def _stop(self, status: str, message: str) -> None:
        self.status, self.message = status, f"at t = {self.state.time:.12g}: {message}"


_REASONS = {
    DOUBTFUL_ROOT: ("doubtful", "a wall is touched so flatly that roundoff decides on which side the flow goes on"),
    NOTHING_AT_WALL: ("doubtful", "an event was found, but nothing is at a wall: the problem is too ill-conditioned"),
    ENOUGH: ("max-events", "more events than max_events; raise it to go on"),
    STANDSTILL: ("crowded", f"more than {MOST_AT_ONCE} events without time in between: walls crowd together"),
}
