"""The loop: steps between walls, and what happens at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from symflow.errors import LimitError
from symflow.flow.reporting import Report
from symflow.flow.rotation import kernels
from symflow.flow.rotation.charts import Chart
from symflow.flow.rotation.crossing import Meeting, Undecided, walls_at
from symflow.flow.rotation.equations import Parameters, Rows, preactivations
from symflow.flow.rotation.grouping import Patterns
from symflow.flow.rotation.invariants import Invariants
from symflow.flow.rotation.legs import Exhausted, Leg, Memory, Outcome
from symflow.flow.rotation.problem import Floats, Problem
from symflow.flow.rotation.sliding import Left, Slides, Wall
from symflow.flow.rotation.stepping import Step, take
from symflow.flow.rotation.tableau import ALL_STAGES, STAGES
from symflow.flow.rotation.trajectories import Event, Piece, Status, loss
from symflow.flow.rotation.walls import (
    FRACTIONS,
    Root,
    Unresolved,
    Watch,
    first_root,
    near_data,
    sample,
)

Function = tuple[int, int, int] | tuple[int, int]  # (layer, datum, component), or (bound, number of a slide)
MakeChart = Callable[[Floats, Floats], Chart]
ROUNDING = 1e-14  # values of this size, in units of the data, are zero
MOST_EVENTS_AT_ONCE = 60  # events within rounding of one time, after which the flow is called stalled
POLISHING = 8  # Newton steps that place an event
NEXT = 4.0  # after an event at a fraction of a step the next one is at most so many times as long: another is near
TINY = 1e-8  # share of a step whose square is rounding


class Integration:
    """State of a run: time, parameters in a chart, patterns, walls slid on, and how far data may move unwatched."""

    def __init__(
        self, problem: Problem, make_chart: MakeChart, t_max: float, rtol: float,
        report: Report | None = None, memory: Memory | None = None, leg: Leg | None = None,
    ) -> None:  # fmt: skip
        """``memory`` of an earlier run whose end is the start of this one: nothing is decided there a second time."""
        self.leg = Leg() if leg is None else leg
        self.path_left, self.size = self.leg.path, self.leg.size
        self.report = report
        self.problem, self.make_chart, self.t_max, self.rtol = problem, make_chart, t_max, rtol
        self.time, self.length = self.leg.begin, problem.length
        self.chart = make_chart(problem.biases, problem.weights)
        self.everything = Rows(
            problem.points,
            np.ones(len(problem.points)),
            problem.targets,
            np.zeros((problem.depth, *problem.points.shape)),
        )
        self.memory = memory
        self.patterns = Patterns(problem, self._signs() if memory is None else memory.active.copy())
        if memory is not None:
            self.patterns.sliding[:] = memory.sliding
            self.patterns.refresh(np.arange(len(problem.points)))
        walls = () if memory is None else memory.walls
        self.slides = Slides(self.chart.group, self.patterns, self.everything, walls)
        self.tolerance = (ROUNDING + 1e-3 * rtol) * self.length * 10
        # walls just met, and how far behind them is still on them
        self.fresh: dict[tuple[int, int, int], float] = {} if memory is None else dict(memory.fresh)
        self.watch: Watch | None = None
        self.pieces: list[Piece] = []
        self.events: list[Event] = []
        self.evaluations = 0
        self.identity: NDArray[np.intp] = np.unique(problem.points, axis=0, return_inverse=True)[1].reshape(-1)
        scale = np.full(problem.biases.size + problem.weights.size, rtol)
        scale[: problem.biases.size] *= self.length
        self.scale = scale
        self.cost = loss(problem, self.chart.base) if problem.background is None else self.slides.cost(self.chart.base)
        norms = np.linalg.norm(problem.weights, axis=2)
        self.invariants = Invariants(self.length, problem.mass, rtol, scale, norms)

    # -- the loop ------------------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Integrate to t_max, or to where no single continuation exists."""
        status, message = self._run()
        if not self.pieces:
            self.pieces.append(Piece(self.time, self.time, None, self.chart.base, self.cost))
        if self.report is not None:
            self.report.finish(self.pieces[-1].end)
        memory = None
        if status in {"finished", "at rest", "cut"}:  # otherwise the patterns are those of the last attempt
            active, sliding = self.patterns.active.copy(), self.patterns.sliding.copy()
            memory = Memory(self.chart.base, active, sliding, self.slides.walls, dict(self.fresh))
        return Outcome(self.pieces, self.events, status, message, self.evaluations, memory, self.size)

    def _run(self) -> tuple[Status, str]:
        try:
            if self.memory is None:
                self._start_on_walls()
            stopped = 0
            while self.time < self.t_max:
                velocity = self.slides(self.chart.base)
                speed = float(np.linalg.norm(velocity))
                if speed <= 4 * np.finfo(float).eps * self.length:
                    self.pieces.append(Piece(self.time, self.t_max, None, self.chart.base, self.cost))
                    return "at rest", f"the velocity vanished at t = {self.time:.6g}; nothing moves after that"
                self.size = self.size or self._first_size(speed)
                if self.t_max - self.time <= 1e-13 * self.t_max:
                    break
                before = self.time
                self.size, happened = self._advance(velocity, min(self.size, self.t_max - self.time))
                if self.size < 1e-13 * max(self.time, 1e-3 * self.t_max):
                    return "stalled", f"steps became too small at t = {self.time:.17g}; a smaller rtol may help"
                if self.report is not None:
                    self.report(self.time)
                stopped = stopped + 1 if happened and self.time - before < 1e-12 * max(self.time, 1e-3) else 0
                if stopped > MOST_EVENTS_AT_ONCE:
                    return "stalled", f"{stopped} events without progress at t = {self.time:.17g}"
        except Exhausted:
            return "cut", f"the data that are kept tell the flow until t = {self.time:.17g}"
        except (Undecided, LimitError) as undecided:
            return "undecided", f"at t = {self.time:.17g}: {undecided}"
        return "finished", f"t = {self.t_max:.6g} was reached with {len(self.events)} events"

    def _advance(self, velocity: Floats, size: float) -> tuple[float, bool]:
        """One accepted step, cut short at an event; the proposed size of the next, and whether there was an event."""
        step = self._take(velocity, size)
        error = step.error(self.scale)
        if not error <= 1.0:
            return size * max(0.2, 0.9 * error ** (-1 / 8)) if np.isfinite(error) else 0.1 * size, False
        path = self._path(step)
        if path > self.path_left:
            if self.path_left < 0.5 * self.leg.path:
                raise Exhausted
            return size * max(0.1, 0.8 * self.path_left / path), False
        proposed = size * min(5.0, 0.9 * error ** (-1 / 8) if error > 0 else 5.0)
        try:
            met = self._first_event(step)
        except Unresolved:
            return 0.5 * size, False
        if met is None:
            self._accept(step)
            return proposed, False
        root, function = met
        located = self._locate(step, velocity, root, function)
        if located is not None:
            self._accept(located)
        self._settle(function)
        return min(proposed, NEXT * root.fraction * size) if root.fraction > 0 else proposed, True

    def _take(self, velocity: Floats, size: float) -> Step:
        self.evaluations += STAGES
        return take(self.chart, self.slides, velocity, size)

    def _first_size(self, speed: float) -> float:
        return min(self.t_max, 0.5 * float(self.rtol**0.125) * self.length / speed)

    # -- accepting -----------------------------------------------------------------------------------------------------

    def _accept(self, step: Step) -> None:
        end = step.chart.parameters(step.end[:-1])
        self.pieces.append(Piece(self.time, self.time + step.size, step, step.chart.base, self.cost))
        self.time += step.size
        self.path_left -= self._path(step)
        end = self.slides.back_to_walls(end, self.make_chart)
        self.chart = self.make_chart(end.biases, end.weights)
        cost, placed = self.slides.cost(self.chart.base), self.tolerance if self.slides.walls else 0.0
        self.invariants.check(step, self.chart, self.cost, cost, placed, f"at t = {self.time:.6g}")
        self.cost = cost
        values = self._values_of(datum for _, datum, _ in self.fresh) if self.fresh else {}
        for place in list(self.fresh):
            layer, datum, component = place
            side = 1.0 if self.patterns.active[layer, datum, component] else -1.0
            if side * values[datum][layer, component] > self.fresh[place]:
                del self.fresh[place]

    # -- events --------------------------------------------------------------------------------------------------------

    def _values(self, at: Parameters, data: NDArray[np.intp] | slice = slice(None)) -> Floats:
        rows = self._rows(data)
        if not kernels.USED:
            return preactivations(rows, at)[0]
        u = np.empty(rows.masks.shape)
        kernels.forward(rows, at, u, np.empty(rows.points.shape))
        return u

    def _values_of(self, data: Iterable[int]) -> dict[int, Floats]:
        """u (L, Q) of a few data."""
        some = sorted(set(data))
        values = self._values(self.chart.base, np.array(some, dtype=np.intp))
        return {datum: values[:, place] for place, datum in enumerate(some)}

    def _rows(self, data: NDArray[np.intp] | slice) -> Rows:
        every, masks = self.everything, np.array(self.patterns.active[:, data], dtype=float, order="C")
        return Rows(every.points[data], every.scales[data], every.targets[data], masks)

    def _signs(self) -> NDArray[np.bool_]:
        """The patterns at the start, layer by layer."""
        active = np.zeros(self.everything.masks.shape, dtype=bool)
        for layer in range(len(active)):
            rows = Rows(self.everything.points, self.everything.scales, self.everything.targets, active.astype(float))
            active[layer] = preactivations(rows, self.chart.base)[0][layer] > 0
        return active

    def _start_on_walls(self) -> None:
        everyone = np.arange(len(self.problem.points))
        values = self._values(self.chart.base)
        met = walls_at(values, everyone, ROUNDING * self.length, self.patterns, self.identity)
        if met:
            self._resolve(met, {})

    def _watched(self, path: float) -> NDArray[np.intp]:
        """Data that may meet a wall within the path ahead; each call uses up the reach of the last look at all data."""
        if self.watch is None or path > self.watch.reach:
            self.watch = near_data(self._values(self.chart.base), self.chart.reach, path, 2 * self.tolerance)
        self.watch.reach -= path
        return self.watch.near

    def _path(self, step: Step) -> float:
        """No less than the length of the way that the parameters go in a step."""
        return 1.01 * float(np.sqrt(step.size * max(step.dissipation, 0.0))) + ROUNDING * self.length

    def _first_event(self, step: Step) -> tuple[Root, Function] | None:
        path = self._path(step)
        data = self._watched(path)
        side = np.where(self.patterns.active[:, data], 1.0, -1.0)
        armed = self.patterns.sliding[:, data] == 0
        if len(data):
            first, last = self._values(self.chart.base, data), self._values(step.chart.parameters(step.end[:-1]), data)
            reach = self.chart.reach.displacement(np.linalg.norm(first, axis=2), path)[:, :, None]
            armed &= (side * last <= 0) | (side * first <= 0) | (np.abs(first) + np.abs(last) <= reach)
        layers, places, components = np.nonzero(armed)
        columns: list[Floats] = []
        functions: list[Function] = []
        if len(places):
            self.evaluations += ALL_STAGES - STAGES - 1
            used, where = np.unique(places, return_inverse=True)
            values = (
                sample(step, self._rows(data[used]))[:, layers, where, components] * side[layers, places, components]
            )
            for column, place in enumerate(
                zip(layers.tolist(), data[places].tolist(), components.tolist(), strict=True)
            ):
                columns.append(values[:, column] + self.fresh.get(place, 0.0))
                functions.append(place)
        if self.slides.walls:
            exits, names = self.slides.exits(step.points(FRACTIONS))
            self.evaluations += len(FRACTIONS)
            # Signs of slides that begin at a bound are decided by Filippov's conditions already.
            columns += list((exits + 1e-10 * np.abs(exits).max()).T)
            functions += names
        if not columns:
            return None
        root = first_root(np.array(columns).T, self.length)
        return None if root is None else (root, functions[root.place])

    def _locate(self, step: Step, velocity: Floats, root: Root, function: Function) -> Step | None:
        """The step that ends at the event, by Newton's method on its length; None if the event is now."""
        if root.fraction <= 0:
            return None
        size, rate = root.fraction * step.size, root.slope / step.size
        last, last_value = 0.0, np.inf
        located = step
        for _ in range(POLISHING):
            located = self._take(velocity, size)
            value = self._function(self.slides.back_to_walls(self._end(located), self.make_chart), function)
            if abs(value) <= 1e-15 * self.length or value == last_value:
                break
            if last > 0 and size != last:
                rate = (value - last_value) / (size - last)
            change = -value / rate if rate < 0 else 0.0
            if abs(change) <= TINY * size:
                # So short a piece is the end of the step plus its velocity, to rounding.
                return located.stretched(change)
            if not 0 < size + change <= 1.01 * step.size:
                break
            last, last_value, size = size, value, size + change
        return located

    @staticmethod
    def _end(step: Step) -> Parameters:
        return step.chart.parameters(step.end[:-1])

    def _function(self, at: Parameters, function: Function) -> float:
        if len(function) == 2:
            return self.slides.exit_value(at, function)
        layer, datum, component = function
        value = self._values(at, np.array([datum]))[layer, 0, component]
        return float(value if self.patterns.active[layer, datum, component] else -value)

    def _settle(self, function: Function) -> None:
        """Find all walls that meet here and decide what the flow does."""
        near = np.arange(len(self.problem.points)) if self.watch is None else self.watch.near
        values = self._values(self.chart.base, near)
        left: Left = {}
        if len(function) == 2:
            left = self.slides.left_at(function)
        else:
            layer, datum, component = function
            values[layer, np.searchsorted(near, datum), component] = 0.0
        self._resolve(walls_at(values, near, self.tolerance, self.patterns, self.identity), left)

    def _resolve(self, met: list[Wall], left: Left) -> None:
        slid = self.slides.walls
        events, self.slides = Meeting(self.chart.base, met, self.slides, left, self.identity).decide(self.time)
        self.events += events
        left_or_met = [*met, *(wall for wall in slid if not any(wall is kept for kept in self.slides.walls))]
        values = self._values_of(datum for wall in left_or_met for datum in wall.data.tolist())
        for wall in left_or_met:
            for datum in wall.data.tolist():
                if not self.patterns.sliding[wall.layer, datum, wall.component]:
                    place = (wall.layer, datum, wall.component)
                    self.fresh[place] = 2 * (self.tolerance + abs(float(values[datum][wall.layer, wall.component])))
        self.cost = self.slides.cost(self.chart.base)
