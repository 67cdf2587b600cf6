"""The chamber flow of data that do not fit into memory, window by window, exact.

Each window takes one pass over the data (``census``): it keeps the data next to the walls, replaces all others by one
datum for each pattern and class (``replacement``, with the argument why that changes nothing), runs the flow in memory
as long as that holds (``windows``), and stops in the middle of a segment. The next pass counts how many data have
which pattern; that this agrees with what the window says of all of them is checked each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from symflow.flow.chamber.inputs import FlowProblem, flow_problem
from symflow.flow.chamber.integrator import MOST_EVENTS
from symflow.flow.chamber.tolerances import AT_WALL
from symflow.flow.given import Progress, read_count
from symflow.flow.reporting import Report, report_for
from symflow.flow.streaming.census import Census, Counting, Plan, merge
from symflow.flow.streaming.chamber_trajectory import StreamedChamberTrajectory
from symflow.flow.streaming.chronicle import Chronicle
from symflow.flow.streaming.replacement import Guards, Replacement, replace_far
from symflow.flow.streaming.scratch import Scratch
from symflow.flow.streaming.sources import BLOCK, Block, Source, contradiction, open_source
from symflow.flow.streaming.surveying import Survey, nearness, survey
from symflow.flow.streaming.windows import Cut, Window
from symflow.network.arrays import as_array, as_floats

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
EXPLICIT = 1 << 16  # data that a window keeps, about
WIDER = 4  # by how much more data are kept where a window ends before its first event
MOST_WIDER = 64  # until when


@dataclass(frozen=True, eq=False)
class Members:
    """The task of finding the numbers of all data of one key."""

    plan: Plan
    key: tuple[int, ...]

    def __call__(self, block: Block) -> Integers:
        """In one block."""
        counting = Counting(self.plan, block)
        return np.asarray(counting.numbers[(counting.names == np.array(self.key)).all(axis=1)])


def united(parts: Sequence[Integers]) -> Integers:
    """Numbers of data, in order."""
    return np.sort(np.concatenate(parts))


def streamed_chamber_flow(
    points: Any,
    labels: Any,
    targets: Any,
    biases: Any,
    rotations: Any,
    *,
    t_max: float,
    weights: Any = None,
    output_bias: Literal["frozen", "moving"] = "frozen",
    max_events: int = MOST_EVENTS,
    progress: Progress | None = None,
    explicit: int = EXPLICIT,
    block: int = BLOCK,
) -> StreamedChamberTrajectory:
    """``chamber_flow`` for ``points`` (N, Q) that are a memory-mapped array or a Dask array, or any other array.

    ``labels`` and ``weights`` may be arrays of any of these kinds. ``explicit``: about how many data a window keeps;
    ``block``: how many rows are in memory at a time. The result does not depend on the blocks, nor on the number of
    workers; it agrees with the flow in memory up to roundoff, as does ``explicit`` with another ``explicit``.

    Raises ShapeError and KindError as ``chamber_flow``; a message names the row of a wrong entry. CertificateError: two
    passes contradict each other, so that the result would be wrong.

    >>> x = np.array([[-1.0], [0.0]])
    >>> flow = streamed_chamber_flow(x, [0, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]], t_max=10.0)
    >>> flow.status, flow.segments[-1].sliding
    ('equilibrium', (SlidingWall(layer=1, component=0, data=(1,)),))
    """
    max_events, explicit = read_count(max_events, "max_events"), read_count(explicit, "explicit", 1)
    goals = as_floats(as_array(targets, "targets", 2))
    classes = len(goals)
    source = open_source(points, labels, weights, classes, block)
    # One point at the origin for each class: what is left of the input is checked as in memory.
    origin = np.zeros((classes, source.width))
    empty = flow_problem(
        origin, np.arange(classes), goals, biases, rotations, t_max=t_max, weights=None, output_bias=output_bias
    )
    report = report_for(progress, empty.t_max)
    known = survey(source)
    scratch = Scratch()
    try:
        return Run(source, known, empty, goals, explicit, max_events, scratch, report).trajectory()
    except BaseException:
        scratch.close()
        raise


class Run:
    """State between two windows."""

    def __init__(
        self,
        source: Source,
        known: Survey,
        problem: FlowProblem,
        targets: Floats,
        explicit: int,
        max_events: int,
        scratch: Scratch,
        report: Report | None,
    ) -> None:
        self.source, self.known, self.problem, self.targets = source, known, problem, targets
        self.explicit, self.max_events = explicit, max_events
        self.theta, self.time, self.velocity = problem.start, 0.0, known.force(problem, targets)
        self.scratch, self.chronicle, self.report = scratch, Chronicle(scratch), report
        self.begins, self.costs = list[float](), list[float]()
        self.passes = 1
        self.expected: dict[tuple[int, ...], int] | None = None

    @property
    def _split(self) -> int:
        return int(self.problem.biases.size)

    def trajectory(self) -> StreamedChamberTrajectory:
        """Window after window."""
        while True:
            window, replacement, cut = self._window()
            if self.report is not None:
                self.report(self.time if cut is None else cut.time)
            if cut is None:
                return self._finished(window, replacement)
            self.time, self.theta, self.velocity = cut.time, cut.theta + self._shift_vector(), cut.velocity
            self.expected = window.counts(cut.row, replacement)

    def _window(self) -> tuple[Window, Replacement, Cut | None]:
        """One window, with as much data as it takes to come past an event."""
        wider = 1
        while True:
            plan = self._plan(wider * self.explicit)
            census: Census = self.source.reduce(plan, merge)
            self.passes += 1
            self._check(census, len(plan.biases))
            shift = self._shift_vector()
            moved = shift[self._split :] if self.problem.moving else np.zeros(self.source.width)
            replacement = replace_far(census, plan, self.targets - moved, self.problem.t_max, self.problem.moving)
            window = Window(
                replacement, Guards(census, replacement, plan), self.time, self.known.extent,
                max(0, self.max_events - max(0, self.chronicle.rows - 1)),
            )  # fmt: skip
            window.run()
            if window.holds():
                cut, rows = None, int(window.state.log.counts[0])
                break
            cut = window.cut()
            if cut is not None:
                rows = cut.row + 1
                break
            wider *= WIDER
            if wider > MOST_WIDER or wider * self.explicit > WIDER * self.source.count:
                window.status, rows = "unresolved", 0
                window.message = (
                    f"at t = {self.time:.12g}: more data meet one wall at one time than the {len(replacement.index)} "
                    "that are kept; streamed_chamber_flow takes a larger number `explicit`"
                )
                break
        if self.chronicle.rows and cut is None and window.status in {"non-unique", "unresolved"} and rows == 1:
            rows = 0  # the restart itself could not be settled: there is no segment
        self.begins.append(self.time)
        self.costs.append(_cost(replacement))
        if rows:
            self.chronicle.append(
                window.state.log, rows, replacement.index, partial(self._members, plan, replacement), shift
            )
        return window, replacement, cut

    def _plan(self, explicit: int) -> Plan:
        biases = np.ascontiguousarray(self.theta[: self._split].reshape(self.problem.biases.shape))
        bound = AT_WALL * (self.known.extent + float(np.abs(self.theta).max()))
        speed = self.velocity[: self._split]
        size = float(np.linalg.norm(speed))
        floor = 0.1 * size or 1.0
        reach = nearness(self.known, biases, self.problem.rotations, speed, floor, explicit / self.source.count)
        known = self.known
        return Plan(
            biases,
            self.problem.rotations,
            bound,
            speed,
            floor,
            reach,
            explicit,
            known.masses,
            known.center,
            known.sigma,
        )

    def _shift_vector(self) -> Floats:
        """What the windows do not know of θ: with a moving output bias, its change so far."""
        shift = np.zeros(self.theta.size)
        shift[self._split :] = self.theta[self._split :]
        return shift

    def _check(self, census: Census, depth: int) -> None:
        if self.expected is None:
            return
        found: dict[tuple[int, ...], int] = {}
        for key, count in zip(census.keys.tolist(), census.counts.tolist(), strict=True):
            name = (*key[:depth], key[-1])
            found[name] = found.get(name, 0) + count
        if found != self.expected:
            wrong = sum(abs(count - self.expected.get(name, 0)) for name, count in found.items())
            raise contradiction(self.time, f"{wrong} data have other patterns than the flow of the kept data says")

    def _members(self, plan: Plan, replacement: Replacement, number: int) -> Integers:
        """The numbers of the data that one datum of a window stands for."""
        self.passes += 1
        found: Integers = self.source.reduce(Members(plan, tuple(replacement.keys[number].tolist())), united)
        return np.setdiff1d(found, replacement.index, assume_unique=True)

    def _finished(self, window: Window, replacement: Replacement) -> StreamedChamberTrajectory:
        reached = window.status in {"horizon", "equilibrium"}
        t_end = self.problem.t_max if reached else float(window.state.time) if window.holds() else self.time
        if self.report is not None:
            self.report.finish(t_end)
        log = self.chronicle.log() if self.chronicle.rows else window.state.log
        none = np.zeros((0, self.source.width))
        given = self.problem
        empty = FlowProblem(
            none,
            np.zeros(0, dtype=np.int64),
            none,
            np.zeros(0),
            given.biases,
            given.rotations,
            given.t_max,
            given.moving,
        )
        return StreamedChamberTrajectory(
            empty, log, np.zeros(0, dtype=bool), window.status, window.message, t_end,
            begins=np.array(self.begins), costs=np.array(self.costs), passes=self.passes, last=replacement,
            source=self.source, targets=self.targets, masses=self.known.masses, scratch=self.scratch,
        )  # fmt: skip


def _cost(replacement: Replacement) -> float:
    """The loss where a window begins."""
    problem = replacement.problem
    z = problem.points
    for rotation, beta in zip(problem.rotations, problem.biases, strict=True):
        z = np.maximum((z + beta) @ rotation.T, 0.0) @ rotation - beta
    return 0.5 * float(problem.weights @ ((z - problem.targets) ** 2).sum(axis=1)) + replacement.constant
