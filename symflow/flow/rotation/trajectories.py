"""What a moving-weights flow returns: the trajectory with dense output, its events, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from symflow.errors import KindError, SymflowError
from symflow.flow.given import Progress, read_asked_times, read_horizon
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.problem import Floats, Problem
from symflow.flow.rotation.stepping import Step
from symflow.flow.starts import AdaptedStart, GeneralStart, class_targets

Kind = Literal["crosses", "slides", "leaves"]
Status = Literal["finished", "at rest", "undecided", "stalled", "cut"]


class InvariantError(SymflowError, ArithmeticError):
    """A quantity that the flow conserves, or that may only fall, did something else: the result would be wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """At ``time`` the data cross a wall, begin to slide on it, or leave it after sliding; layer and rest from 0.

    ``active``: whether the component is active for the data from now on (while sliding: neither, False).
    """

    time: float
    kind: Kind
    layer: int
    component: int
    data: tuple[int, ...]
    active: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A step of the integrator and the times it stands for; a rest has no step. ``cost`` is that at the start."""

    start: float
    end: float
    step: Step | None
    resting: Parameters
    cost: float


class Trajectory:
    """A solution on [0, end].

    status: "finished" (t_max reached), "at rest" (the velocity vanished, the rest of the time is constant); or, with
    the trajectory ending before t_max at ``end``, "undecided" (Filippov's conditions have no single answer at a wall)
    or "stalled" (steps or events without progress). ``message`` says more, in words for a person. ``evaluations``
    counts evaluations of the velocity.
    """

    def __init__(
        self, problem: Problem, pieces: list[Piece], events: list[Event], status: Status, message: str,
        evaluations: int, options: dict[str, Any], memory: Any = None,
    ) -> None:  # fmt: skip
        self.events = tuple(events)
        self.status: Status = status
        self.message = message
        self.evaluations = evaluations
        self._problem, self._options = problem, options
        self._memory = memory  # an integration.Memory, for ``continued``
        self._pieces = pieces
        self._starts = np.array([piece.start for piece in pieces])

    @property
    def end(self) -> float:
        """The last time that was reached."""
        return self._pieces[-1].end

    @property
    def steps(self) -> int:
        """Number of steps of the integrator."""
        return sum(piece.step is not None for piece in self._pieces)

    def bias(self, times: ArrayLike) -> Floats:
        """β (T, L, Q) at times (T,) in [0, end]. Raises KindError for others."""
        return self._collect(times, lambda at: at.biases)

    def weight(self, times: ArrayLike) -> Floats:
        """W (T, L, Q, Q), for a flow of rotations R, at times (T,) in [0, end]. Raises KindError for others."""
        return self._collect(times, lambda at: at.weights)

    def loss(self, times: ArrayLike) -> Floats:
        """C = ½⟨|z_L − ỹ|²⟩ (T,) from the data themselves, with ReLU and no pattern. Raises KindError."""
        return self._collect(times, lambda at: np.array(loss(self._problem, at)))

    def state(self, time: float) -> GeneralStart | AdaptedStart:
        """Where the flow is at a time in [0, end], as a start of ``general_weight_flow``. Raises KindError."""
        given = self._problem
        return GeneralStart(
            given.points, given.labels, class_targets(given.labels, given.targets), self.bias([time])[0],
            self.weight([time])[0], given.masses,
        )  # fmt: skip

    def continued(self, t_max: float, *, progress: Progress | None = None) -> Trajectory:
        """The same flow from the end of this one on, its time from 0 to ``t_max`` again; at walls as it had decided."""
        from symflow.flow.rotation.general import general_weight_flow, run

        if self._memory is not None:
            rtol, fixed = self._options["rtol"], self._options["fixed_biases"]
            return run(self._ended(), read_horizon(t_max), rtol, progress, fixed, self._memory)
        return general_weight_flow(**vars(self.state(self.end)), t_max=t_max, progress=progress, **self._options)

    def _ended(self) -> Problem:
        at = self._memory.at
        return replace(self._problem, biases=at.biases, weights=at.weights)

    def _collect(self, times: ArrayLike, read: Callable[[Parameters], Floats]) -> Floats:
        return np.array([read(self._at(time)) for time in self._asked(times)])

    def _asked(self, times: ArrayLike) -> list[float]:
        """Times that the trajectory has. Raises KindError for others."""
        wanted = read_asked_times(times)
        if wanted.ndim != 1:
            raise KindError(f"times must be a list of numbers, one axis; this has shape {wanted.shape}")
        if not (wanted <= self.end).all():
            outside = wanted[~(wanted <= self.end)][0]
            raise KindError(
                f"times must lie between 0 and {self.end}, where the trajectory ends ({self.status}); got {outside}"
            )
        return [float(time) for time in wanted]

    def _piece(self, time: float) -> Piece:
        return self._pieces[int(np.searchsorted(self._starts, time, side="right")) - 1]

    def _at(self, time: float) -> Parameters:
        piece = self._piece(time)
        if piece.step is None or time == piece.start:
            return piece.resting
        return piece.step.parameters(min((time - piece.start) / piece.step.size, 1.0))


class RotationTrajectory(Trajectory):
    """A solution with W = R orthogonal."""

    def rotation(self, times: ArrayLike) -> Floats:
        """R (T, L, Q, Q) at times (T,) in [0, end], orthogonal to rounding. Raises KindError for other times."""
        return self.weight(times)

    def state(self, time: float) -> AdaptedStart:
        """Where the flow is at a time in [0, end], as a start of ``rotation_flow`` or ``chamber_flow``."""
        found = vars(super().state(time))
        return AdaptedStart(rotations=found.pop("cumulative"), **found)

    def continued(self, t_max: float, *, progress: Progress | None = None) -> RotationTrajectory:
        """The same flow from the end of this one on, its time from 0 to ``t_max`` again; at walls as it had decided."""
        from symflow.flow.rotation.rotations import rotation_flow, run

        if self._memory is not None:
            return run(self._ended(), read_horizon(t_max), self._options["rtol"], progress, self._memory)
        return rotation_flow(**vars(self.state(self.end)), t_max=t_max, progress=progress, **self._options)


def loss(problem: Problem, at: Parameters) -> float:
    """C from truncation maps with ReLU itself (theory A4)."""
    state = problem.points
    for layer, bias in enumerate(at.biases):
        state = np.maximum((state + bias) @ at.weights[layer].T, 0.0) @ at.inverses[layer].T - bias
    squares = ((state - problem.targets) ** 2).sum(axis=1)
    return 0.5 * float(problem.masses @ squares)
