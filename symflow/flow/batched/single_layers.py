"""Many flows of the biases of one layer, exact for all times, sliding included: ``thresholds`` under ``jax.vmap``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError, ShapeError
from symflow.flow.batched.inputs import Floats, read_networks, require_rotations
from symflow.flow.batched.thresholds import Motion, motion_of, position_at
from symflow.flow.batched.through_jax import in_float64, installed_jax
from symflow.network.arrays import as_array, as_floats


@dataclass(frozen=True, eq=False)
class SingleLayerFlows:
    """B flows of one layer in R^Q on N data. Methods take times ≥ 0, (T,), infinity for the limit; else KindError.

    ``motion`` holds JAX arrays (B, Q, …), ``rotations`` (1 or B, Q, Q).
    """

    motion: Motion
    rotations: Floats

    def threshold(self, times: ArrayLike) -> Floats:
        """q = −Rβ at each time; (B, T, Q)."""
        return self._at(times)[0]

    def bias(self, times: ArrayLike) -> Floats:
        """β = −Rᵀq at each time; (B, T, Q)."""
        return np.asarray(0.0 - self.threshold(times) @ self.rotations)

    def loss(self, times: ArrayLike) -> Floats:
        """C = ½ Σ ω |τ(x) − ỹ|² at each time; (B, T)."""
        return np.asarray(self._at(times)[1].sum(axis=2))

    @property
    def event_times(self) -> Floats:
        """When each threshold meets a datum, in order, infinity behind the last one; (B, Q, N), ties more than once.

        A threshold that falls from a datum it starts on meets it at time 0.
        """
        return np.asarray(self.motion.times)[..., 1:]

    @property
    def resting_from(self) -> Floats:
        """From when on a threshold rests, on a datum or undriven; infinity if it never does; (B, Q)."""
        final = np.asarray(self.motion.final)[..., np.newaxis]
        times, masses = (
            np.take_along_axis(np.asarray(array), final, axis=2)[..., 0]
            for array in (self.motion.times, self.motion.masses)
        )
        return np.where(masses == 0.0, times, np.inf)

    @property
    def unique(self) -> NDArray[np.bool_]:
        """False where a threshold starts on a datum and could as well rest or go the other way; (B, Q).

        Here it rises if it can, as in ``separated_flow``.
        """
        return np.asarray(self.motion.unique)

    def _at(self, times: ArrayLike) -> tuple[Floats, Floats]:
        at = np.asarray(times, dtype=np.float64)
        if at.ndim != 1 or not (at >= 0.0).all():
            raise KindError("times are one row of numbers ≥ 0, infinity included")
        jax = installed_jax()
        with in_float64(jax):
            q, losses = (np.asarray(array) for array in _sampler()(self.motion, at))
        return q, losses


def single_layer_flows(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    *,
    rotations: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> SingleLayerFlows:
    """B gradient flows of C = ½ Σ_i ω_i |τ(x_i) − ỹ_{j(i)}|², τ(x) = Rᵀ ReLU(R(x + β)) − β, each exact for all times.

    With one class this is ``separated_flow`` (theory C2-C6), with several the one-layer ``chamber_flow``, where
    thresholds come to rest on data and trajectories so slide along walls (theory D2).

    Args:
        points: x, (N, Q), or (B, N, Q) where each flow has its own.
        labels: j(i), (N,), integers 0..K-1.
        targets: ỹ, (K, Q) or (B, K, Q).
        biases: β(0), (B, Q).
        rotations: R orthogonal, (Q, Q) or (B, Q, Q); the identity unless given.
        weights: ω_i > 0, (N,); 1/N_j for a datum of class j unless given.

    Raises ShapeError and KindError: input that does not fit; UnsupportedError where JAX is not installed.

    Two starts of the flow in the documentation of ``chamber_flow``; both thresholds end on the second datum:

    >>> flows = single_layer_flows([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]], [[0.5], [0.75]])  # doctest: +SKIP
    >>> flows.resting_from.ravel().round(12), flows.threshold([np.inf]).ravel()  # doctest: +SKIP
    (array([0.223143551314, 0.318453731119]), array([0., 0.]))
    """
    starts = as_floats(as_array(biases, "biases", 2))
    B, Q = starts.shape
    turns = np.eye(Q) if rotations is None else as_floats(as_array(rotations, "rotations", np.ndim(rotations)))
    if turns.shape not in {(Q, Q), (B, Q, Q)}:
        raise ShapeError(f"biases {starts.shape} ask for rotations {(Q, Q)} or {(B, Q, Q)}; got {turns.shape}")
    networks = read_networks(
        points, labels, targets, starts[:, np.newaxis], turns[..., np.newaxis, :, :], weights, "rotations"
    )
    require_rotations(networks.weights)
    jax = installed_jax()
    arrays = networks.points, networks.targets, networks.weights[:, 0]
    shared = tuple(len(array) == 1 for array in arrays)
    x, goals, R = (array[0] if alone else array for array, alone in zip(arrays, shared, strict=True))
    with in_float64(jax):
        motion = _solver(shared)(x, goals, networks.labels, networks.masses, starts, R)
    return SingleLayerFlows(motion, networks.weights[:, 0])


@cache
def _solver(shared: tuple[bool, ...]) -> Any:
    jax = installed_jax()
    jnp = jax.numpy

    def one(points: Any, targets: Any, labels: Any, masses: Any, bias: Any, rotation: Any) -> Motion:
        def direction(data: Any, goals: Any, start: Any) -> Motion:
            return motion_of(jnp, data, masses, goals, start)

        goals = (targets @ rotation.T)[labels]
        found: Motion = jax.vmap(direction)((points @ rotation.T).T, goals.T, 0.0 - rotation @ bias)
        return found

    points, targets, rotations = (None if alone else 0 for alone in shared)
    return jax.jit(jax.vmap(one, in_axes=(points, targets, None, None, 0, rotations)))


@cache
def _sampler() -> Any:
    jax = installed_jax()

    def at(motion: Motion, time: Any) -> Any:
        return position_at(jax.numpy, motion, time)

    by_direction = jax.vmap(at, in_axes=(0, None))
    by_time = jax.vmap(by_direction, in_axes=(None, 0))
    return jax.jit(jax.vmap(by_time, in_axes=(0, None)))
