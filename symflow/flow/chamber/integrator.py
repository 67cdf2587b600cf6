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
    begin_segment,
    begins_at_zero,
    far_event,
    renew,
)
from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.chamber.resolving import resolve
from symflow.flow.chamber.state import FlowState
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
        if s.log.counts[0] > self.max_events:
            return ENOUGH
        if r.clock[1] > MOST_AT_ONCE:
            return STANDSTILL
        renew(s.table.nodes, s.points, r)
        size = float(begin_segment(s.log, r))
        exits, values, at_zero = r.room.exits[: 2 * int(r.counts[0])], r.room.values, r.room.at_zero
        if s.edges is not None:
            exits, values = s.edges.gradients, s.edges.gradients @ r.theta + s.edges.values
            at_zero = np.array([begins_at_zero(value, size) for value in values])
        t_max = self.problem.t_max
        why, later = far_event(s.table.nodes, s.points, s.log, r, exits, values, at_zero, t_max, s.size_x)
        if why == NOTHING_LEFT and later == 0:
            self.status = "equilibrium"
        return int(why)

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
