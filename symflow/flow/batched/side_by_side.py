"""Many flows of all biases at once: in JAX as far as walls are crossed, then one by one where trajectories slide."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError
from symflow.flow.batched.event_loop import FINISHED, SLID, Outcome, run
from symflow.flow.batched.inputs import Floats, ManyNetworks, read_networks, require_rotations
from symflow.flow.batched.single_layers import single_layer_flows
from symflow.flow.batched.through_jax import in_float64, installed_jax
from symflow.flow.chamber import ChamberTrajectory, chamber_flow

MOST_EVENTS = 100_000


@dataclass(frozen=True, eq=False)
class ManyFlows:
    """B flows at the times (T,) that were asked for: ``biases`` (B, T, L, Q), NaN after ``ends``.

    ``status`` (B,) is, of each flow,

    - ``"horizon"``: it is there to the last of the times;
    - ``"slid"``, ``"unsettled"``: without ``continued``, it halts at ``ends`` (B,), on a wall that it slides along, or
      where more than one wall is met at once and the like; ``halts`` (B, L, Q) are its biases there;
    - ``"non-unique"``, ``"unresolved"``: ``chamber_flow`` ends there, for its reasons.

    ``continuations`` are the trajectories of ``chamber_flow``, None where there is none. They begin at ``handovers``
    (B,), in the middle of the last segment before the halt, with the biases ``inside`` (B, L, Q), and count times from
    there.
    """

    times: Floats
    biases: Floats
    status: NDArray[np.str_]
    ends: Floats
    halts: Floats
    handovers: Floats
    inside: Floats
    continuations: tuple[ChamberTrajectory | None, ...]
    networks: ManyNetworks = field(repr=False)

    @property
    def losses(self) -> Floats:
        """C = ½ Σ ω |z_L − ỹ|² at the times; (B, T)."""
        found, networks = np.empty(self.biases.shape[:2]), self.networks
        for place, path in enumerate(self.biases):
            points, targets, rotations = _own(networks, place)
            state = points
            for rotation, beta in zip(rotations, path.transpose(1, 0, 2), strict=True):
                state = np.maximum((state + beta[:, np.newaxis]) @ rotation.T, 0.0) @ rotation - beta[:, np.newaxis]
            found[place] = ((state - targets[networks.labels]) ** 2).sum(axis=2) @ networks.masses / 2
        return found


def many_flows(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    rotations: ArrayLike,
    *,
    times: ArrayLike,
    weights: ArrayLike | None = None,
    continued: bool = True,
    max_events: int = MOST_EVENTS,
) -> ManyFlows:
    """B flows of ``chamber_flow`` side by side: of C = ½ Σ_i ω_i |z_L(x_i) − ỹ_{j(i)}|² over all β_ℓ, rotations fixed.

    Every chamber is solved exactly, by eigenvectors; walls are found as first roots, and crossed where that is the one
    continuation (theory D1, D2). A flow that slides along a wall leaves JAX there, and ``chamber_flow`` continues it.
    Flows of one layer are closed formulas, sliding included (``single_layer_flows``), and stay in JAX to the end.
    JAX compiles for each new combination of shapes, which takes seconds; after that a call takes what the flows take.

    Args:
        points: x, (N, Q), or (B, N, Q) where each flow has its own.
        labels: j(i), (N,), integers 0..K-1.
        targets: ỹ, (K, Q) or (B, K, Q).
        biases: β_1..β_L at time 0, (B, L, Q).
        rotations: R_1..R_L orthogonal, (L, Q, Q) or (B, L, Q, Q).
        times: where the flows are sampled, (T,), finite.
        weights: ω_i > 0, (N,); 1/N_j for a datum of class j unless given.
        continued: whether ``chamber_flow`` continues what leaves JAX.
        max_events: a flow leaves JAX after so many events.

    Raises ShapeError and KindError: input that does not fit; UnsupportedError where JAX is not installed.

    >>> x, labels, targets = [[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]]
    >>> flows = many_flows(x, labels, targets, [[[0.5]], [[0.75]]], [[[1.0]]], times=[0, 1])  # doctest: +SKIP
    >>> flows.biases.ravel(), flows.status  # doctest: +SKIP
    (array([0.5 , 0.  , 0.75, 0.  ]), array(['horizon', 'horizon'], dtype='<U10'))
    """
    networks = read_networks(points, labels, targets, biases, rotations, weights, "rotations")
    require_rotations(networks.weights)
    at = np.asarray(times, dtype=np.float64)
    if at.ndim != 1 or not at.size or not ((at >= 0.0) & (at < np.inf)).all():
        raise KindError("times are one row of finite numbers ≥ 0, at least one")
    if not isinstance(max_events, int) or max_events < 1:
        raise KindError(f"max_events must be a number of events, at least one, not {max_events!r}")
    flows = _one_layer(networks, at) if networks.biases.shape[1] == 1 else _layers(networks, at, max_events)
    return _finished(flows) if continued else flows


def _one_layer(networks: ManyNetworks, times: Floats) -> ManyFlows:
    rotations = networks.weights[:, 0]
    found = single_layer_flows(
        networks.points, networks.labels, networks.targets, networks.biases[:, 0],
        rotations=rotations[0] if len(rotations) == 1 else rotations, weights=networks.masses,
    )  # fmt: skip
    path, unique = found.bias(times)[:, :, np.newaxis], np.asarray(found.unique.all(axis=1))
    path[~unique] = np.where(times[:, np.newaxis, np.newaxis] == 0.0, path[~unique], np.nan)
    last = found.bias([times.max()])
    last[~unique] = networks.biases[~unique]
    B = len(path)
    return ManyFlows(
        times, path, np.where(unique, "horizon", "non-unique"), np.where(unique, times.max(), 0.0), last,
        np.full(B, times.max()), last, (None,) * B, networks,
    )  # fmt: skip


def _layers(networks: ManyNetworks, times: Floats, max_events: int) -> ManyFlows:
    jax = installed_jax()
    arrays = networks.points, networks.targets, networks.weights
    shared = tuple(len(array) == 1 for array in arrays)
    points, targets, rotations = (array[0] if alone else array for array, alone in zip(arrays, shared, strict=True))
    with in_float64(jax):
        how = times, times.max(), max_events
        found = _runner(shared)(points, targets, networks.labels, networks.masses, rotations, networks.biases, *how)
        outcome = Outcome(*(np.asarray(array) for array in found))
    B, L, Q = networks.biases.shape
    status = np.where(outcome.code == FINISHED, "horizon", np.where(outcome.code == SLID, "slid", "unsettled"))
    return ManyFlows(
        times, outcome.samples.reshape(B, len(times), L, Q), status, outcome.time, outcome.theta.reshape(B, L, Q),
        outcome.inside, outcome.inside_theta.reshape(B, L, Q), (None,) * B, networks,
    )  # fmt: skip


@cache
def _runner(shared: tuple[bool, ...]) -> Any:
    jax = installed_jax()

    def one(points: Any, targets: Any, labels: Any, masses: Any, rotations: Any, start: Any, *how: Any) -> Outcome:
        return run(jax, (points, targets[labels], masses), rotations, start, *how)

    points, targets, rotations = (None if alone else 0 for alone in shared)
    return jax.jit(jax.vmap(one, in_axes=(points, targets, None, None, rotations, 0, None, None, None)))


def _finished(flows: ManyFlows) -> ManyFlows:
    """Those that have halted, continued by ``chamber_flow``."""
    horizon, networks = flows.times.max(), flows.networks
    biases, status = flows.biases.copy(), flows.status.astype("<U10")  # room for any status
    ends, halts, continuations = flows.ends.copy(), flows.halts.copy(), list(flows.continuations)
    for place in np.flatnonzero((status == "slid") | (status == "unsettled")).tolist():
        begun = flows.handovers[place]
        points, targets, rotations = _own(networks, place)
        path = continuations[place] = chamber_flow(
            points, networks.labels, targets, flows.inside[place], rotations, t_max=horizon - begun,
            weights=networks.masses,
        )  # fmt: skip
        complete = path.status in {"horizon", "equilibrium"}
        status[place], ends[place] = ("horizon", horizon) if complete else (path.status, begun + path.t_end)
        if path.t_end > 0.0:
            later = (flows.times > flows.ends[place]) & (flows.times <= ends[place])
            biases[place, later] = path.bias(np.minimum(flows.times[later] - begun, path.t_end))
            halts[place] = path.bias([path.t_end])[0]
    return replace(flows, biases=biases, status=status, ends=ends, halts=halts, continuations=tuple(continuations))


def _own(networks: ManyNetworks, place: int) -> tuple[Floats, Floats, Floats]:
    """Points, targets and rotations of one network."""
    points, targets, rotations = (
        array[place if len(array) > 1 else 0] for array in (networks.points, networks.targets, networks.weights)
    )
    return points, targets, rotations
