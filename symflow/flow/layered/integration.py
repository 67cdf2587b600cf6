"""The loop: a Runge-Kutta method of order 8 between walls, and at each wall a decision to cross it or slide on it.

SciPy's step control knows nothing of walls: the right side would jump in the middle of a step, or chatter. So each
step is taken with fixed masks, looked over for walls that it meets, and cut there.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from symflow.errors import UndefinedError
from symflow.flow.layered.sliding import AT_BOUND, NoSlide, Slides
from symflow.flow.layered.systems import Floats, System
from symflow.flow.layered.trajectories import Kind, Piece, Status, WallEvent
from symflow.flow.reporting import Report

NODES = np.linspace(0.0, 1.0, 9)[1:]  # where a step is looked over; a wall met and left again in between is not seen
ON_WALL = 1e-12  # preactivations of this size, in units of the largest, are zero
AT_REST = 1e-14  # and so are velocities
MOST_AT_ONCE = 50  # events without progress in time
MOST_STEPS = 10_000  # without an event
ATTEMPTS = 40
HALVINGS = 10  # to find where a leg is cut, which need not be the last possible moment
Bools = NDArray[np.bool_]


class _Stuck(Exception):  # noqa: N818  # ends the run with a message, and is no error
    """The flow cannot be continued."""


class Memory(NamedTuple):
    """Masks, which walls are slid on, and how far behind a wall counts as on it; each flat over all walls."""

    masks: Floats
    sliding: Bools
    limits: Floats


class Leg(NamedTuple):
    """A part of a run, the whole unless told otherwise: when it begins, and with which memory, if there is one.

    Before θ has moved by more than ``reach`` it is "cut". Limits in the memory that are NaN are to be chosen; a wall
    whose limit is infinite is not watched. Data may begin on walls only in the ``first`` part. There were so many
    ``events`` before, and ``steps`` since the last one. ``unit``: how large preactivations are, if that is known, so
    that data at one wall are measured alike in all parts.
    """

    begin: float = 0.0
    reach: float = np.inf
    memory: Memory | None = None
    first: bool = True
    events: int = 0
    steps: int = 0
    unit: float | None = None


class Integration:
    """State of a run: time, θ, masks, the walls slid on, and how far behind a wall counts as on it."""

    def __init__(
        self, system: System, theta: Floats, t_max: float, rtol: float, max_events: int,
        report: Report | None, leg: Leg,
    ) -> None:  # fmt: skip
        self.system, self.theta, self.t_max, self.rtol = system, theta, t_max, rtol
        self.max_events, self.report = max_events, report
        self.time, self.before, self.steps = leg.begin, leg.events, leg.steps
        self.center, self.reach, self.first, self.cut = theta, leg.reach, leg.first, False
        values, memory = system.preactivations(theta), leg.memory
        self.unit = max(1.0, float(np.abs(values).max(initial=0.0))) if leg.unit is None else leg.unit
        self.tolerance = ON_WALL * self.unit
        if memory is None:
            nowhere = np.zeros(values.shape, dtype=bool)
            memory = Memory((values > 0).astype(np.float64), nowhere, np.full(values.shape, self.tolerance))
        self.masks, self.sliding, self.limits = memory.masks, memory.sliding, memory.limits.copy()
        self.limits[np.isnan(self.limits)] = self.tolerance
        self.slides = Slides(system, np.flatnonzero(self.sliding))
        self.refused = ""  # why a step was
        self.pieces: list[Piece] = []
        self.events: list[WallEvent] = []

    def run(self) -> tuple[tuple[Piece, ...], tuple[WallEvent, ...], Status, str]:
        """Integrate to t_max, or to where no continuation is found."""
        with np.errstate(over="ignore", invalid="ignore"):  # a step that overflows is refused by its error
            status, message = self._run()
        if not self.pieces:
            self.pieces.append(_resting(self.time, self.time, self.theta))
        return tuple(self.pieces), tuple(self.events), status, message

    def _run(self) -> tuple[Status, str]:
        try:
            if self.first:
                self._start_on_walls()
            at_once = 0
            while self.time < self.t_max and not self.cut:
                if np.abs(self._velocity(self.theta)).max() <= AT_REST * max(1.0, np.abs(self.theta).max()):
                    self.pieces.append(_resting(self.time, self.t_max, self.theta))
                    return "at rest", f"the velocity vanished at t = {self.time:.6g}"
                before = self.time
                self._segment()
                at_once = at_once + 1 if self.time - before <= 1e-13 * self.t_max else 0
                if at_once > MOST_AT_ONCE:
                    raise _Stuck(f"{at_once} walls were met without progress")
                if self.before + len(self.events) > self.max_events:
                    raise _Stuck(f"{self.before + len(self.events)} events, more than max_events = {self.max_events}")
        except (_Stuck, UndefinedError) as stuck:
            return "unresolved", f"at t = {self.time:.12g}: {stuck}; gradient descent (step=...) gets past such points"
        if self.cut:
            return "cut", ""
        return "finished", f"t = {self.t_max:.6g} was reached with {self.before + len(self.events)} events"

    @property
    def memory(self) -> Memory:
        """What a run that goes on from here has to know besides θ."""
        return Memory(self.masks, self.sliding, self.limits)

    def _start_on_walls(self) -> None:
        # A start may be a state of another run, where data slide: on their walls as closely as that run kept them.
        close = max(ON_WALL, self.rtol) * self.unit
        near = np.abs(self.system.preactivations(self.theta)) <= close
        self._resolve(near & (self.limits < np.inf))

    def _velocity(self, theta: Floats) -> Floats:
        return self.system.velocity(theta, self._masks_at(theta))

    def _right_side(self, _time: float, theta: Floats) -> Floats:
        """The velocity; not a number where a step goes so far that there is none, so that a shorter one is tried."""
        try:
            return self._velocity(theta)
        except (_Stuck, UndefinedError) as refused:
            self.refused = str(refused)
            return np.full(theta.shape, np.nan)

    def _masks_at(self, theta: Floats) -> Floats:
        try:
            return self.slides.masks(theta, self.masks)
        except NoSlide:
            raise _Stuck("no masks keep the data on the walls that they slide on") from None

    def _segment(self) -> None:
        """Steps up to the next event, or to t_max."""
        integrate: Any = import_module("scipy.integrate")
        atol = self.rtol * max(1e-3, float(np.abs(self.theta).max()))
        solver = integrate.DOP853(self._right_side, self.time, self.theta, self.t_max, rtol=self.rtol, atol=atol)
        while solver.status == "running":
            self.refused = ""
            message = solver.step()
            if solver.status == "failed":
                raise _Stuck(self.refused or f"SciPy's DOP853 gave up ({message})")
            path, begin = solver.dense_output(), self.time
            latest = self._as_far_as_it_holds(path, begin, float(solver.t))
            met = self._first_event(path, begin, latest)
            self.cut = met is None and latest < float(solver.t)
            end = latest if met is None else met[0]
            self.pieces.append(Piece(begin, end, path))
            self.time, self.theta, self.steps = end, np.asarray(path(end)), self.steps + (not self.cut)
            # What the next step starts from: masks of sliding walls are followed, not found afresh.
            self.masks = self._masks_at(self.theta)
            if self.report is not None:
                self.report(end)
            if met is not None:
                self.steps = 0
                self._resolve(met[1])
                return
            if self.cut:
                return
            if self.steps >= MOST_STEPS:
                raise _Stuck(
                    f"{self.steps} steps without an event: the flow is stiff here, as next to singular weights"
                )

    def _as_far_as_it_holds(self, path: Callable[[float], Floats], begin: float, end: float) -> float:
        """The end of a step, or a time before θ has come as far as a leg reaches."""
        if self.reach == np.inf:
            return end

        def outside(time: float) -> bool:
            return float(np.linalg.norm(np.asarray(path(time)) - self.center)) > self.reach

        low = begin
        for node in begin + NODES * (end - begin):
            if outside(node):
                high, halvings = float(node), 0
                while halvings < HALVINGS or low == begin:
                    middle, halvings = 0.5 * (low + high), halvings + 1
                    if middle in {low, high}:
                        raise _Stuck("so near walls that no step can be made")
                    low, high = (low, middle) if outside(middle) else (middle, high)
                return low
            low = float(node)
        return end

    def _first_event(self, path: Callable[[float], Floats], begin: float, end: float) -> tuple[float, Bools] | None:
        """The first time at which some wall is passed, found by halving, and which walls are."""
        before = begin
        for node in begin + NODES * (end - begin):
            if self._passed(np.asarray(path(node))).any():
                low, high = before, float(node)
                while high - low > 4e-16 * max(high, 1e-3 * self.t_max):
                    middle = 0.5 * (low + high)
                    low, high = (low, middle) if self._passed(np.asarray(path(middle))).any() else (middle, high)
                return high, self._passed(np.asarray(path(high)))
            before = float(node)
        return None

    def _passed(self, theta: Floats) -> Bools:
        """Walls that data have passed, and walls slid on whose masks have left [0, 1]."""
        masks = self._masks_at(theta)
        values = self.system.preactivations(theta, masks)
        passed = np.where(masks > 0.5, values, -values) < -self.limits
        beyond = (masks < -AT_BOUND) | (masks > 1 + AT_BOUND)
        return np.where(self.sliding, beyond, passed)

    def _resolve(self, met: Bools) -> None:
        """Decide for the walls met: cross, slide, or leave. Two sets are adjusted until both are consistent."""
        if not met.any():
            return
        touched, before = met.copy(), self.sliding.copy()
        masks, sliding = self.masks.copy(), self.sliding & ~met
        masks[met & before] = np.round(np.clip(masks[met & before], 0, 1))
        crossed = met & ~before
        if self.pieces:
            masks[crossed] = 1 - masks[crossed]
        # Where a datum has come from is no way to go. At the start it may go either way.
        one_way = crossed if self.pieces else np.zeros_like(crossed)
        for _ in range(ATTEMPTS):
            slides = Slides(self.system, np.flatnonzero(sliding))
            try:
                found = slides.masks(self.theta, masks)
            except NoSlide:
                raise _Stuck("walls are met on which the flow neither crosses nor slides") from None
            beyond = sliding & ((found < -AT_BOUND) | (found > 1 + AT_BOUND))
            rates = self.system.rates(self.theta, found, self.system.velocity(self.theta, found))
            slow = 1e-12 * max(self.unit, float(np.abs(rates).max()))
            back = touched & ~sliding & (np.where(found > 0.5, rates, -rates) < -slow)
            if not (beyond | back).any():
                break
            turned, held = back & ~one_way, back & one_way
            masks = np.where(beyond, np.round(np.clip(found, 0, 1)), np.where(held, 0.5, masks))
            masks[turned] = 1 - masks[turned]
            sliding, touched, one_way = (sliding & ~beyond) | held, touched | beyond, one_way | back
        else:
            raise _Stuck("walls are met on which the flow neither crosses nor slides")
        self._log(touched, before, sliding, found)
        self.masks, self.sliding, self.slides = found, sliding, slides
        values = self.system.preactivations(self.theta, found)
        behind = np.where(found > 0.5, -values, values)
        self.limits[touched] = np.where(behind > 0, behind + 2 * self.tolerance, self.tolerance)[touched]

    def _log(self, touched: Bools, before: Bools, sliding: Bools, found: Floats) -> None:
        for index in np.flatnonzero(touched).tolist():
            active = bool(found[index] > 0.5) and not sliding[index]
            kind: Kind = "slides" if sliding[index] else "leaves" if before[index] else "crosses"
            unchanged = kind == "crosses" and active == bool(self.masks[index] > 0.5)
            if not unchanged and not (before[index] and sliding[index]):
                layer, datum, component = self.system.wall(index)
                self.events.append(WallEvent(self.time, kind, layer, datum, component, active))


def _resting(begin: float, end: float, theta: Floats) -> Piece:
    return Piece(begin, end, lambda _time: theta)
