"""The gradient flow of a smooth network that tends to ReLU's: it has no walls, so nothing to decide there.

ReLU is replaced by (u + √(u² + width²))/2, and the flow of the cumulative biases, and of the rotations where they turn,
is left to a stiff solver. Typed anew from the definition of the network, by backpropagation; nothing of symflow's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SmoothedNetwork:
    """The data, the target and weight of each, and how wide the kink is smeared; width 0 is the ReLU network."""

    points: np.ndarray  # (N, Q)
    targets: np.ndarray  # (N, Q)
    weights: np.ndarray  # (N,)
    width: float

    def cost(self, beta: np.ndarray, rotations: np.ndarray) -> float:
        """½ Σ_i w_i |z_L(x_i) - ỹ_i|²."""
        z = self.points
        for rotation, b in zip(rotations, beta, strict=True):
            u = (z + b) @ rotation.T
            z = 0.5 * (u + np.sqrt(u * u + self.width**2)) @ rotation - b
        return 0.5 * float(self.weights @ ((z - self.targets) ** 2).sum(axis=1))

    def velocity(self, beta: np.ndarray, rotations: np.ndarray, turning: np.ndarray | None = None) -> np.ndarray:
        """Minus the gradient by β, (L, Q); dR/dt is written to ``turning``, (L, Q, Q), where that is wanted."""
        z, passed = self.points, []
        for rotation, b in zip(rotations, beta, strict=True):
            u = (z + b) @ rotation.T
            root = np.sqrt(u * u + self.width**2)
            passed.append((u, 0.5 * (u + root), 0.5 * (1.0 + u / root)))
            z = passed[-1][1] @ rotation - b
        p = self.weights[:, None] * (z - self.targets)
        result = np.empty_like(beta)
        for layer in range(len(beta) - 1, -1, -1):
            u, kept, slope = passed[layer]
            v = p @ rotations[layer].T
            through = (slope * v) @ rotations[layer]
            result[layer] = (p - through).sum(axis=0)
            if turning is not None:
                moment = v.T @ kept - (slope * v).T @ u
                turning[layer] = 0.5 * (moment - moment.T) @ rotations[layer]
            p = through
        return result


def equally_weighted(points: Any, labels: Any, targets: Any, biases: Any, rotations: Any) -> dict[str, Any]:
    """A problem from its arrays, all data with the weight 1/N."""
    weights = np.full(len(points), 1.0 / len(points))
    names = "points", "labels", "targets", "biases", "rotations", "weights"
    return dict(zip(names, (points, labels, targets, biases, rotations, weights), strict=True))


def smoothed_network(problem: dict[str, Any], width: float) -> SmoothedNetwork:
    """The network of the arguments of a flow; weights 1/N_j unless they are given."""
    labels = np.asarray(problem["labels"])
    weights = problem.get("weights")
    if weights is None:
        weights = (1.0 / np.bincount(labels))[labels]
    return SmoothedNetwork(problem["points"], problem["targets"][labels], np.asarray(weights, dtype=float), width)


def smoothed_biases(problem: dict[str, Any], times: Any, width: float) -> np.ndarray:
    """β at times (T,), rotations fixed: (T, L, Q)."""
    network, rotations, shape = smoothed_network(problem, width), problem["rotations"], problem["biases"].shape

    def velocity(_, state):
        return network.velocity(state.reshape(shape), rotations).ravel()

    return _solved(velocity, problem["biases"].ravel(), times).reshape(-1, *shape)


def smoothed_biases_and_rotations(problem: dict[str, Any], t_end: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """β (L, Q) and R (L, Q, Q) at a time, where both flow."""
    network, (L, Q) = smoothed_network(problem, width), problem["biases"].shape
    turning = np.empty((L, Q, Q))

    def velocity(_, state):
        moved = network.velocity(state[: L * Q].reshape(L, Q), state[L * Q :].reshape(L, Q, Q), turning)
        return np.append(moved, turning)

    start = np.append(problem["biases"], np.asarray(problem["rotations"], dtype=float))
    end = _solved(velocity, start, [t_end])[-1]
    return end[: L * Q].reshape(L, Q), end[L * Q :].reshape(L, Q, Q)


def _solved(velocity: Any, start: np.ndarray, times: Any) -> np.ndarray:
    from scipy.integrate import solve_ivp  # a part of the extra ``flow``

    found = solve_ivp(velocity, (0.0, max(times)), start, method="Radau", t_eval=times, rtol=1e-8, atol=1e-10)
    assert found.success, found.message
    return found.y.T
