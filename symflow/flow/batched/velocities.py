"""The right side of the flow of biases and rotations in jax.numpy (theory B2, B4): for jit, vmap, solvers, the GPU.

The gradients of a layer, and the residual before it, are the proved ones of ``symflow.flow.equations``: the functions
written for NumPy, with jax.numpy in its place. Between the layers nothing returns to input space, as in ``gradients``.
``jax.vmap`` makes many networks of one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from symflow.flow.batched.inputs import Floats, read_data, read_networks, require_rotations
from symflow.flow.batched.through_jax import in_float64, in_library, installed_jax, require_float64
from symflow.flow.equations.batched_biases import B2_layer, B2_pulled
from symflow.flow.equations.batched_turns import B4_layer


def right_hand_side(
    points: ArrayLike, labels: ArrayLike, targets: ArrayLike, *, weights: ArrayLike | None = None
) -> Callable[[Any, Any], tuple[Any, Any]]:
    """A JAX function (biases (L, Q), rotations (L, Q, Q)) ↦ (β̇ (L, Q), Ω (L, Q, Q)), with Ṙ_ℓ = Ω_ℓ R_ℓ.

        β̇_ℓ = ⟨(1 − P_ℓ)ᵀ p_ℓ⟩,     Ω_ℓ = ½⟨[u vᵀ + v uᵀ, H_ℓ]⟩

    (theory B2, B4). It may stand under ``jax.jit`` and ``jax.vmap``, and be given to a solver: one flow, or many side
    by side. It knows nothing of walls; general solvers lose digits there, and do not see a trajectory slide.

    points (N, Q), labels (N,), targets (K, Q), weights (N,), 1/N_j for a datum of class j unless given.

    Raises ShapeError and KindError; UnsupportedError where JAX is not installed, and when called with JAX's 64 bits
    switched off.

    >>> velocity = right_hand_side([[-1.0], [3.0]], [0, 1], [[2.0], [1.0]])  # doctest: +SKIP
    >>> jax.jit(jax.vmap(velocity))([[[2.0]], [[0.5]]], [[[[1.0]]], [[[1.0]]]])[0].ravel()  # doctest: +SKIP
    Array([ 0. , -2.5], dtype=float64)
    """
    x, classes, goals, masses = read_data(points, labels, targets, weights)
    jax = installed_jax()

    def velocity(biases: Any, rotations: Any) -> tuple[Any, Any]:
        require_float64(jax)
        betas, turns = (jax.numpy.asarray(array, dtype=jax.numpy.float64) for array in (biases, rotations))
        return velocity_of(jax.numpy, x, goals[classes], masses, betas, turns)

    return velocity


def many_velocities(
    points: ArrayLike,
    labels: ArrayLike,
    targets: ArrayLike,
    biases: ArrayLike,
    rotations: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """β̇ (B, L, Q) and Ω (B, L, Q, Q) of B networks, by JAX on its device, in 64 bits whatever its switch says.

    Minus ``batched_gradients``, which has the arguments and errors; UnsupportedError where JAX is not installed.

    >>> many_velocities([[-1.0], [3.0]], [0, 1], [[2.0], [1.0]], [[[0.5]]], [[[1.0]]])[0].tolist()  # doctest: +SKIP
    [[[-2.5]]]
    """
    networks = read_networks(points, labels, targets, biases, rotations, weights, "rotations")
    require_rotations(networks.weights)
    jax = installed_jax()
    shared = tuple(None if len(array) == 1 else 0 for array in (networks.points, networks.targets, networks.weights))
    x, goals, turns = (
        array if axis == 0 else array[0]
        for array, axis in zip((networks.points, networks.targets, networks.weights), shared, strict=True)
    )
    with in_float64(jax):
        found = _batched(shared)(x, goals, networks.labels, networks.masses, networks.biases, turns)
        by_bias, by_rotation = (np.asarray(array) for array in found)
    return by_bias, by_rotation


def velocity_of(jnp: Any, points: Any, goals: Any, masses: Any, biases: Any, rotations: Any) -> tuple[Any, Any]:
    """β̇ and Ω of one network; goals (N, Q) are the targets of the data."""
    by_bias, by_rotation, pulled = (in_library(function, jnp) for function in (B2_layer, B4_layer, B2_pulled))
    pushed, active = [], points
    links = rotations[1:] @ rotations[:-1].transpose(0, 2, 1)
    for layer in range(len(biases)):
        if layer == 0:
            u = (points + biases[0]) @ rotations[0].T
        else:
            u = active @ links[layer - 1].T + rotations[layer] @ (biases[layer] - biases[layer - 1])
        masks = jnp.where(u > 0.0, 1.0, 0.0)
        active = masks * u
        pushed.append((u, masks))
    v = (active - (goals + biases[-1]) @ rotations[-1].T) * masses[:, None]
    ones = jnp.ones_like(masses)  # v has the masses already, and is all that the gradients are linear in
    shifts, turns = [], []
    for layer in reversed(range(len(biases))):
        u, masks = pushed[layer]
        shifts.append(by_bias(W=rotations[layer], c=ones, v_hat=v, H=masks))
        turns.append(by_rotation(u=u, H=masks, v=v))
        if layer:
            v = pulled(W=links[layer - 1], H=masks.T, v=v.T).T
    return jnp.stack(shifts[::-1]), jnp.stack(turns[::-1])


@cache
def _batched(shared: tuple[int | None, int | None, int | None]) -> Any:
    jax = installed_jax()

    def one(points: Any, goals: Any, labels: Any, masses: Any, biases: Any, rotations: Any) -> tuple[Any, Any]:
        return velocity_of(jax.numpy, points, goals[labels], masses, biases, rotations)

    points, goals, rotations = shared
    return jax.jit(jax.vmap(one, in_axes=(points, goals, None, None, 0, rotations)))
