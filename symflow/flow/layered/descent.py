"""Gradient descent of step η: θ ← θ − η ∂C/∂θ, and its distance O(η) from the flow (theory F5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from symflow.errors import KindError, LimitError, UndefinedError
from symflow.flow.layered.systems import Floats, System, length_of
from symflow.flow.layered.trajectories import LayeredTrajectory, Piece, Status, WallEvent
from symflow.flow.reporting import Report

MOST_STEPS = 1_000_000
MOST_STATES = 4096  # that are kept; between two of them the steps are made again when asked for


def descend(
    system: System, theta: Floats, t_max: float, step: float, report: Report | None
) -> tuple[tuple[Piece, ...], tuple[WallEvent, ...], Status, str]:
    """Steps at times 0, η, 2η, …, the last one cut to end at t_max. Raises LimitError where there are too many.

    The mask of a datum on a wall is 0, as ReLU′(0) = 0.
    """
    descent = Descent(t_max, step, report)
    kept: list[Floats] = []
    masks = (system.preactivations(theta) > 0).astype(np.float64)
    stride = -(-descent.total // MOST_STATES)
    for following in descent.steps(system, theta, masks):
        if descent.number % stride == 0:
            kept.append(theta)
        theta = following
    pieces = _Steps(system, kept or [theta], stride, step, descent.number, descent.time).pieces()
    return pieces, tuple(descent.events), descent.status, descent.message


class Descent:
    """Where a run of descent stands: the ``number`` of steps made, events, and how it ended. Raises LimitError."""

    def __init__(self, t_max: float, step: float, report: Report | None) -> None:
        self.t_max, self.step, self.report = t_max, step, report
        self.total = int(np.ceil(t_max / step * (1 - 1e-12)))
        if self.total > MOST_STEPS:
            raise LimitError(f"{self.total} steps of gradient descent are more than {MOST_STEPS}; take a larger step")
        self.number = 0
        self.events: list[WallEvent] = []
        self.status: Status = "finished"
        self.reason = ""  # where it is another one

    @property
    def time(self) -> float:
        """Of the state after the steps that were made."""
        return min(self.number * self.step, self.t_max)

    @property
    def message(self) -> str:
        """How the run ended."""
        if self.status == "unresolved":
            return f"at t = {self.time:.6g}: {self.reason}"
        return f"{self.number} steps of {self.step:g}, {len(self.events)} changes of patterns"

    def diverge(self) -> None:
        """The run ends here."""
        self.status, self.reason = "unresolved", _diverged(self.step)

    def steps(
        self, system: System, theta: Floats, masks: Floats, watched: NDArray[np.bool_] | None = None,
        reach: float = np.inf,
    ) -> Iterator[Floats]:  # fmt: skip
        """Yield θ after each step, which is the next one when it is yielded, and change the masks.

        Walls that are not ``watched`` keep theirs; a step to more than ``reach`` from here is not made any more.
        """
        center = theta
        while self.number < self.total:
            length = min((self.number + 1) * self.step, self.t_max) - self.number * self.step
            try:
                with np.errstate(over="ignore", invalid="ignore"):
                    following = theta + length * system.velocity(theta, masks)
                    if not np.isfinite(following).all():
                        self.diverge()
                        return
                    if length_of(following - center) > reach:
                        return
                    now = (system.preactivations(following) > 0).astype(np.float64)
            except UndefinedError as error:
                self.status, self.reason = "unresolved", str(error)
                return
            yield following
            theta, self.number = following, self.number + 1
            changed = now != masks if watched is None else (now != masks) & watched
            for index in np.flatnonzero(changed).tolist():
                layer, datum, component = system.wall(index)
                self.events.append(WallEvent(self.time, "crosses", layer, datum, component, bool(now[index])))
            masks[changed] = now[changed]
            if self.report is not None:
                self.report(self.time)


class _Steps:
    """``count`` steps, the last of which ends at ``end``; every ``stride``-th state is kept, others are computed again.

    The steps of the stride that was last asked for are held, so that times in order cost each step once.
    """

    def __init__(self, system: System, kept: list[Floats], stride: int, step: float, count: int, end: float) -> None:
        self.system, self.kept, self.stride, self.step, self.count, self.end = system, kept, stride, step, count, end
        self._held: tuple[int, Floats, Floats] | None = None

    def pieces(self) -> tuple[Piece, ...]:
        """One for each state that is kept; without a step, the start alone."""
        if self.count == 0:
            return (Piece(0.0, 0.0, lambda _time: self.kept[0]),)
        firsts = range(0, self.count, self.stride)
        ends = [*(first * self.step for first in firsts[1:]), self.end]
        return tuple(
            Piece(first * self.step, end, partial(self._state, place))
            for place, (first, end) in enumerate(zip(firsts, ends, strict=True))
        )

    def _state(self, place: int, time: float) -> Floats:
        if self._held is None or self._held[0] != place:
            self._held = (place, *self._again(place))
        _, states, velocities = self._held
        first = place * self.stride
        begins = np.arange(first, first + len(states)) * self.step
        number = int(np.searchsorted(begins, time, side="right")) - 1
        return np.asarray(states[number] + (time - begins[number]) * velocities[number])

    def _again(self, place: int) -> tuple[Floats, Floats]:
        """States at which the steps of a stride begin, and their velocities."""
        first, theta = place * self.stride, self.kept[place]
        states, velocities = [], []
        for _ in range(first, min(first + self.stride, self.count)):
            masks = (self.system.preactivations(theta) > 0).astype(np.float64)
            states.append(theta)
            velocities.append(self.system.velocity(theta, masks))
            number = first + len(states)
            theta = theta + (number * self.step - (number - 1) * self.step) * velocities[-1]
        return np.array(states), np.array(velocities)


def _diverged(step: float) -> str:
    return f"gradient descent with step {step:g} diverges: in a chamber a direction of rate ν needs step < 2/ν"


@dataclass(frozen=True, eq=False)
class DiscretisationErrors:
    """``errors[k]`` is the largest |θ_descent − θ_flow| for ``steps[k]``; ``slope`` fits log error against log step."""

    steps: Floats
    errors: Floats
    slope: float


def discretisation_errors(
    run: Callable[[float | None], LayeredTrajectory], steps: Sequence[float], *, samples: int = 65
) -> DiscretisationErrors:
    """The distance of gradient descent from the flow, and its order in the step: about 1 (theory F5).

    ``run(step)`` is the trajectory for that step and ``run(None)`` the flow, as ``layered_flow`` gives it. Compared
    are all parameters at ``samples`` times; slopes need two steps at least, else KindError.

    >>> from symflow.flow import layered_flow
    >>> from symflow.network import LabelledData, LayeredParameters
    >>> network = LayeredParameters(weights=([[1.0]], [[1.0]]), biases=([1.0], [0.0]))
    >>> data = LabelledData(points=[[1.0], [2.0]], targets=[[1.0], [4.0]], weights=[0.5, 0.5], labels=(0, 1))
    >>> found = discretisation_errors(
    ...     lambda step: layered_flow(network, data, t_max=0.5, cost="standard", step=step), [0.002, 0.001, 0.0005]
    ... )
    >>> round(found.slope, 1)
    1.0
    """
    sizes = np.array(steps, dtype=np.float64)
    if sizes.ndim != 1 or len(set(sizes.tolist())) < 2 or not (sizes > 0).all():
        raise KindError(f"a slope needs two different steps at least, all positive; got {steps!r}")
    flow = run(None)
    runs = [run(float(step)) for step in sizes]
    times = np.linspace(0.0, min(flow.end, *(found.end for found in runs)), samples)
    exact = flow.parameters(times)
    errors = np.array([np.abs(found.parameters(times) - exact).max() for found in runs])
    slope = float(np.polyfit(np.log(sizes), np.log(errors), 1)[0])
    return DiscretisationErrors(sizes, errors, slope)
