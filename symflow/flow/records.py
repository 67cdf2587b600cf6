"""A trajectory of any flow, sampled: what files and pictures are made of, whichever flow it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from symflow.flow.chamber import ChamberTrajectory, SlidingWall
    from symflow.flow.chamber.balls import BallCertificate
    from symflow.flow.chamber.certificate import FlowCertificate
    from symflow.flow.layered import LayeredTrajectory
    from symflow.flow.rotation import RotationTrajectory, Trajectory
    from symflow.flow.separated import SeparatedTrajectory

Floats = NDArray[np.float64]
EVENT = np.dtype(
    [("time", "f8"), ("layer", "i8"), ("datum", "i8"), ("component", "i8"), ("kind", "U9"), ("active", "?")]
)


@dataclass(frozen=True, eq=False)
class Data:
    """Points (N, Q), class numbers (N,), masses (N,) and targets ỹ (K, Q)."""

    points: Floats
    labels: NDArray[np.intp]
    masses: Floats
    targets: Floats


@dataclass(frozen=True, eq=False)
class FlowRecord:
    """Samples at ``times`` (T,) of a flow with L truncation maps in R^Q.

    ``biases`` β (T, L, Q); ``weights`` (T, L, Q, Q), the W of τ(x) = W^{-1}σ(W(x + β)) − β, orthogonal for adapted
    weights; ``fractions`` (T, L, Q), the mass of the data that are truncated in each direction over that of all data
    (in a separated flow of the layer's own cluster); ``losses`` (T,). Data: ``points`` (N, Q), ``labels`` (N,),
    ``masses`` (N,), ``targets`` ỹ (K, Q) at time 0. ``events`` as ``EVENT``: layers from 1, data and components from 0.
    ``complete``: whether the flow reached the time that was asked for; ``message`` says why not.
    """

    flow: str
    times: Floats
    biases: Floats
    weights: Floats
    fractions: Floats
    losses: Floats
    events: NDArray[np.void]
    points: Floats
    labels: NDArray[np.intp]
    masses: Floats
    targets: Floats
    status: str
    message: str
    complete: bool
    extra: dict[str, Floats]
    certificate: str = ""  # what was certified, in words

    @property
    def thresholds(self) -> Floats:
        """q_ℓ = −W^(ℓ)β_ℓ, (T, L, Q)."""
        return np.asarray(-np.einsum("tlij,tlj->tli", self.weights, self.biases))

    @property
    def target_thresholds(self) -> Floats:
        """q*_ℓ = R_ℓ ỹ_ℓ of a separated flow, whose layer ℓ belongs to class ℓ; (L, Q)."""
        return np.asarray(np.einsum("lij,lj->li", self.weights[0], self.targets))


def truncated_fractions(data: Data, times: Floats, biases: Floats, weights: Floats, events: NDArray[np.void]) -> Floats:
    """Mass of the data with a_k ≤ 0 over the mass of all, at each time and layer; (T, L, Q).

    Data that slide have a_k = 0 and count as truncated, on whichever side of zero rounding has put them.
    """
    found = np.empty(biases.shape)
    sliding = np.zeros((biases.shape[1], *data.points.shape), dtype=bool)
    happened = 0
    for place, (time, betas, matrices) in enumerate(zip(times, biases, weights, strict=True)):
        while happened < len(events) and events["time"][happened] <= time:
            event = events[happened]
            sliding[event["layer"] - 1, event["datum"], event["component"]] = event["kind"] == "slides"
            happened += 1
        state = data.points
        for layer, (beta, matrix) in enumerate(zip(betas, matrices, strict=True)):
            values = (state + beta) @ matrix.T
            found[place, layer] = data.masses @ ((values <= 0) | sliding[layer]) / data.masses.sum()
            state = np.linalg.solve(matrix, np.maximum(values, 0.0).T).T - beta
    return found


def record_separated(parts: list[SeparatedTrajectory], rotations: Floats, data: Data, times: Floats) -> FlowRecord:
    """Layer ℓ is ``parts[ℓ − 1]``, the flow of the points of class ℓ − 1; losses add up (theory C1)."""
    rows, log = [np.flatnonzero(data.labels == label) for label in range(len(parts))], []
    for layer, (part, own) in enumerate(zip(parts, rows, strict=True), 1):
        rising = [motion.last > motion.first for motion in part.directions]
        events = part.events[part.events["time"] <= times[-1]]
        log += [
            (time, layer, own[point], direction, "crosses", not rising[direction])
            for time, direction, point in events.tolist()
        ]
    events = np.array(log, dtype=EVENT)
    kinds = ", ".join(f"layer {layer}: {part.kind}" for layer, part in enumerate(parts, 1))
    return FlowRecord(
        "separated", times, np.stack([part.bias(times) for part in parts], axis=1), _constant(rotations, times),
        np.stack([part.truncated_fraction(times) for part in parts], axis=1),
        np.sum([part.loss(times) for part in parts], axis=0),
        events[np.argsort(events["time"], kind="stable")], data.points, data.labels, data.masses, data.targets,
        "exact for all times", f"in the limit {kinds}", True, {},
    )  # fmt: skip


def record_chamber(flow: ChamberTrajectory, data: Data, times: Floats) -> FlowRecord:
    """A flow with rotations fixed; where the output bias moves, ``extra`` has it as that of an output layer of 1."""
    extra = {}
    if flow.problem.moving:
        width = data.points.shape[1]
        extra = {"output_weight": _constant(np.eye(width), times), "output_beta": flow.target_shift(times)}
    biases, weights = flow.bias(times), _constant(flow.problem.rotations, times)
    sliding = _places(flow.segments[0].sliding) if flow.segments else set()
    log: list[tuple[object, ...]] = [(0.0, *place, "slides", False) for place in sorted(sliding)]
    for event in flow.events:
        now = _places(event.sliding)
        changed = {(change.layer, change.datum, change.component): change.active for change in event.changes}
        for place in sorted(changed.keys() | (now ^ sliding)):
            kind = "slides" if place in now else "leaves" if place in sliding else "crosses"
            if not (place in now and place in sliding):
                log.append((event.time, *place, kind, changed.get(place, False) and place not in now))
        sliding = now
    events = np.array(log, dtype=EVENT)
    return FlowRecord(
        "chamber", times, biases, weights, truncated_fractions(data, times, biases, weights, events),
        flow.loss(times), events, data.points, data.labels, data.masses, data.targets,
        flow.status, flow.message, flow.status in {"equilibrium", "horizon"}, extra, _certified(flow.certificate),
    )  # fmt: skip


def _certified(certificate: tuple[FlowCertificate, BallCertificate] | None) -> str:
    if certificate is None:
        return ""
    check, balls = certificate
    worst = max(check.residual, check.wrong_side, check.share, check.discontinuity, check.cost_increase)
    return (
        f"{check.segments} segments agree with the gradient at {check.times} times, to {worst:.1e}; "
        f"{balls.events} events isolated in ball arithmetic, their times right to {balls.time_error:.1e}"
    )


def record_rotation(flow: RotationTrajectory, data: Data, times: Floats) -> FlowRecord:
    """A flow with rotations moving."""
    return _record_moving("rotation", flow, data, times, flow.rotation(times))


def record_general(flow: Trajectory, data: Data, times: Floats) -> FlowRecord:
    """A flow of cumulative weights that need not be orthogonal."""
    return _record_moving("general", flow, data, times, flow.weight(times))


def _record_moving(name: str, flow: Trajectory, data: Data, times: Floats, weights: Floats) -> FlowRecord:
    biases = flow.bias(times)
    log = [
        (event.time, event.layer + 1, datum, event.component, event.kind, event.active)
        for event in flow.events for datum in event.data
    ]  # fmt: skip
    events = np.array(log, dtype=EVENT)
    return FlowRecord(
        name, times, biases, weights, truncated_fractions(data, times, biases, weights, events),
        flow.loss(times), events, data.points, data.labels, data.masses, data.targets,
        flow.status, flow.message, flow.status in {"finished", "at rest"}, {},
    )  # fmt: skip


def record_layered(flow: LayeredTrajectory, data: Data, times: Floats) -> FlowRecord:
    """Training of the layers; ``extra`` has W_ℓ, b_ℓ, the output layer, and the effective flow from the same start."""
    biases, weights = _image(flow, times)
    log = [
        (event.time, event.layer, event.datum, event.component, event.kind, event.active) for event in flow.events
    ]  # fmt: skip
    beside = flow.effective
    common = times[times <= beside.end]
    effective_biases, effective_weights = _image(beside, common)
    extra = {
        "layer_weight": np.stack(flow.weights(times), axis=1),
        "layer_bias": np.stack(flow.biases(times), axis=1),
        "output_weight": flow.cumulative_weight(times)[-1],
        "output_beta": flow.pulled_back_bias(times)[:, -1],
        "effective_time": common,
        "effective_beta": effective_biases,
        "effective_weight": effective_weights,
        "effective_loss": beside.loss(common),
    }
    events = np.array(log, dtype=EVENT)
    return FlowRecord(
        "layered", times, biases, weights, truncated_fractions(data, times, biases, weights, events),
        flow.loss(times), events, data.points, data.labels, data.masses, data.targets,
        flow.status, flow.message, flow.status != "unresolved", extra,
    )  # fmt: skip


def _places(walls: tuple[SlidingWall, ...]) -> set[tuple[int, int, int]]:
    """Layer, datum and component of what slides on them."""
    return {(wall.layer, datum, wall.component) for wall in walls for datum in wall.data}


def _image(flow: LayeredTrajectory, times: Floats) -> tuple[Floats, Floats]:
    """β_ℓ and W^(ℓ) of the hidden layers."""
    return flow.pulled_back_bias(times)[:, :-1], np.stack(flow.cumulative_weight(times)[:-1], axis=1)


def _constant(rotations: Floats, times: Floats) -> Floats:
    return np.broadcast_to(rotations, (len(times), *rotations.shape))
