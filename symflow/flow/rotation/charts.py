"""Local coordinates in which an ordinary Runge-Kutta step stays on the manifold (Munthe-Kaas' idea).

Rotations: R = cay(σ) R_0 with the Cayley map cay(σ) = (1 − σ/2)^{-1} (1 + σ/2) and σ antisymmetric. For the exponential
the pulled-back equation is an infinite series of commutators; for Cayley it is a polynomial, σ̇ = (1 − σ/2) Ω (1 + σ/2),
with nothing to truncate at any order (Iserles, On Cayley-transform methods for the discretization of Lie-group
equations, 2001). One solve for a stage.

General weights keep the norms of their rows (theory B8), so a row lives on a sphere: W = (W_0 + σ) with its rows scaled
to the norms of W_0, and σ̇ is Ẇ stretched by the same scale.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from symflow.errors import UndefinedError
from symflow.flow.rotation.equations import Group, Parameters
from symflow.flow.rotation.kernels import LARGEST_CONDITION
from symflow.flow.rotation.problem import Floats
from symflow.flow.rotation.reach import Reach, RotationReach, general_reach


class Chart(Protocol):
    """Coordinates (L·Q biases, then L·Q·Q of the weights) around ``base``, which has coordinates (β_0, 0).

    ``norms`` (L, Q) of the rows where those are what is conserved; empty for rotations.
    """

    base: Parameters
    group: Group
    norms: Floats

    @property
    def reach(self) -> Reach:
        """How far data can come on paths from ``base`` on."""
        ...

    def parameters(self, coordinates: Floats) -> Parameters:
        """The point with these coordinates."""
        ...

    def pull_back(self, coordinates: Floats, at: Parameters, velocity: Floats) -> Floats:
        """The velocity of the coordinates; ``at`` is their point."""
        ...


def cayley(generators: Floats) -> Floats:
    """(1 − σ/2)^{-1} (1 + σ/2) for a stack (…, Q, Q) of antisymmetric matrices: orthogonal, cay(0) = 1.

    >>> turn = cayley(np.array([[0.0, -2.0], [2.0, 0.0]]))
    >>> turn.round(15).tolist()  # the tangent of half the angle is half the entry
    [[0.0, -1.0], [1.0, 0.0]]
    """
    one = np.eye(generators.shape[-1])
    return np.asarray(np.linalg.solve(one - 0.5 * generators, one + 0.5 * generators))


def polish(rotations: Floats) -> Floats:
    """One Newton step of the polar decomposition: R (3 − RᵀR)/2 squares the distance to the orthogonal group.

    >>> drifted = np.eye(2) + 1e-9
    >>> bool(np.abs(polish(drifted).T @ polish(drifted) - np.eye(2)).max() < 1e-15)
    True
    """
    gram = rotations.transpose(0, 2, 1) @ rotations if rotations.ndim == 3 else rotations.T @ rotations
    return np.asarray(rotations @ (1.5 * np.eye(rotations.shape[-1]) - 0.5 * gram))


class CayleyChart:
    """Coordinates (β, σ) of (β, cay(σ) R_0)."""

    __slots__ = ("base", "group", "norms")

    def __init__(self, biases: Floats, rotations: Floats) -> None:
        rotations = polish(rotations)
        self.base = Parameters(np.array(biases), rotations, rotations.transpose(0, 2, 1).copy())
        self.group: Group = "rotations"
        self.norms = np.empty((0, 0))

    @property
    def reach(self) -> Reach:
        """The same for all rotations."""
        return RotationReach()

    def parameters(self, coordinates: Floats) -> Parameters:
        """The point with these coordinates."""
        biases, generators = _split(coordinates, self.base)
        rotations = cayley(generators) @ self.base.weights
        return Parameters(biases, rotations, rotations.transpose(0, 2, 1).copy())

    def pull_back(self, coordinates: Floats, at: Parameters, velocity: Floats) -> Floats:
        """Unchanged for the biases; (1 − σ/2) Ω (1 + σ/2) for the rotations."""
        half = 0.5 * _split(coordinates, self.base)[1]
        omega = _split(velocity, self.base)[1]
        result = velocity.copy()
        turned = omega + omega @ half - half @ omega - half @ omega @ half
        result[at.biases.size :] = turned.ravel()
        return result


class RowSphereChart:
    """Coordinates (β, σ) of β and of W_0 + σ with its rows brought back to their norms."""

    __slots__ = ("base", "group", "norms")

    def __init__(self, biases: Floats, weights: Floats, norms: Floats, group: Group = "weights") -> None:
        self.norms = norms
        scaled = weights * (norms / np.linalg.norm(weights, axis=2))[:, :, None]
        self.base = Parameters(np.array(biases), scaled, inverses(scaled))
        self.group = group

    @property
    def reach(self) -> Reach:
        """By the norms of the weights and their inverses."""
        return general_reach(self.base)

    def parameters(self, coordinates: Floats) -> Parameters:
        """The point with these coordinates."""
        biases, moved = self._moved(coordinates)
        weights = moved * (self.norms / np.linalg.norm(moved, axis=2))[:, :, None]
        return Parameters(biases, weights, inverses(weights))

    def pull_back(self, coordinates: Floats, at: Parameters, velocity: Floats) -> Floats:
        """Unchanged for the biases; Ẇ times the scale by which its row was shortened."""
        stretch = np.linalg.norm(self._moved(coordinates)[1], axis=2) / self.norms
        result = velocity.copy()
        result[at.biases.size :] = (_split(velocity, self.base)[1] * stretch[:, :, None]).ravel()
        return result

    def _moved(self, coordinates: Floats) -> tuple[Floats, Floats]:
        biases, change = _split(coordinates, self.base)
        return biases, self.base.weights + change


def _split(vector: Floats, like: Parameters) -> tuple[Floats, Floats]:
    cut = like.biases.size
    return vector[:cut].reshape(like.biases.shape), vector[cut:].reshape(like.weights.shape)


def inverses(weights: Floats) -> Floats:
    """W^{-1} for a stack (L, Q, Q). Raises UndefinedError where one is as good as singular."""
    found = np.asarray(np.linalg.inv(weights), dtype=np.float64)
    if not np.abs(found).max() * np.abs(weights).max() < LARGEST_CONDITION:
        raise singular()
    return found


def singular() -> UndefinedError:
    """The error for a weight that lost its inverse on the way."""
    return UndefinedError(
        "a cumulative weight became singular along the flow, where the truncation map is not defined; "
        "shorten t_max or start from better conditioned weights"
    )
