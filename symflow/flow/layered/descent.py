"""Gradient descent of step η: θ ← θ − η ∂C/∂θ, and its distance O(η) from the flow (theory F5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from symflow.errors import KindError, LimitError
from symflow.flow.layered.systems import Floats, System
from symflow.flow.layered.trajectories import LayeredTrajectory, Piece, Status, WallEvent
from symflow.flow.reporting import Report

MOST_STEPS = 1_000_000


def descend(
    system: System, theta: Floats, t_max: float, step: float, report: Report | None
) -> tuple[tuple[Piece, ...], tuple[WallEvent, ...], Status, str]:
    """Steps at times 0, η, 2η, …, the last one cut to end at t_max. Raises LimitError where there are too many.

    The mask of a datum on a wall is 0, as ReLU′(0) = 0.
    """
    count = int(np.ceil(t_max / step * (1 - 1e-12)))
    if count > MOST_STEPS:
        raise LimitError(f"{count} steps of gradient descent are more than {MOST_STEPS}; take a larger step")
    pieces: list[Piece] = []
    events: list[WallEvent] = []
    masks = system.preactivations(theta) > 0
    for number in range(count):
        begin, end = number * step, min((number + 1) * step, t_max)
        with np.errstate(over="ignore", invalid="ignore"):
            velocity = system.velocity(theta, masks.astype(np.float64))
            pieces.append(_line(begin, end, theta, velocity))
            theta = theta + (end - begin) * velocity
        if not np.isfinite(theta).all():
            kept = pieces[:-1] or [_line(0.0, 0.0, pieces[0].state(0.0), np.zeros_like(theta))]
            return tuple(kept), tuple(events), "unresolved", f"at t = {begin:.6g}: {_diverged(step)}"
        now = system.preactivations(theta) > 0
        for index in np.flatnonzero(now != masks).tolist():
            layer, datum, component = system.wall(index)
            events.append(WallEvent(end, "crosses", layer, datum, component, bool(now[index])))
        masks = now
        if report is not None:
            report(end)
    return tuple(pieces), tuple(events), "finished", f"{count} steps of {step:g}, {len(events)} changes of patterns"


def _diverged(step: float) -> str:
    return f"gradient descent with step {step:g} diverges: in a chamber a direction of rate ν needs step < 2/ν"


def _line(begin: float, end: float, theta: Floats, velocity: Floats) -> Piece:
    return Piece(begin, end, lambda time: theta + (time - begin) * velocity)


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
