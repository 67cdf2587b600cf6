"""What is integrated: a state vector θ that holds weights and biases, and masks h that say which data are active.

Inside a chamber the masks are constant and everything is smooth. They are kept apart from θ so that a step of the
integrator sees one smooth equation, and so that a datum on a wall can have a mask between 0 and 1 (Filippov).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from symflow.errors import UndefinedError
from symflow.network.arrays import LARGEST_CONDITION

Floats = NDArray[np.float64]
Cost = Literal["input", "standard"]
Entry = TypeVar("Entry", bound=np.generic)


@dataclass(frozen=True, eq=False)
class System(ABC):
    """Data and shapes: points (N, M_0), targets (N, M_{L+1}), masses (N,), widths M_0..M_{L+1}, and which cost.

    θ holds W_1, …, W_{L+1}, then b_1, …, b_{L+1}, row by row. A wall is one component of one hidden layer for one
    datum; masks and preactivations are flat arrays over layers, data, components, in this order.
    """

    points: Floats
    targets: Floats
    masses: Floats
    widths: tuple[int, ...]
    cost_name: Cost

    @abstractmethod
    def shapes(self) -> list[tuple[int, int]]:
        """Shapes of the weights in θ."""

    @abstractmethod
    def velocity(self, theta: Floats, masks: Floats) -> Floats:
        """θ̇ = −∂C/∂θ with these masks."""

    @abstractmethod
    def preactivations(self, theta: Floats, masks: Floats | None = None) -> Floats:
        """a at all walls; with ReLU itself unless masks are given."""

    @abstractmethod
    def rates(self, theta: Floats, masks: Floats, velocity: Floats) -> Floats:
        """da/dt at all walls along the velocity."""

    @abstractmethod
    def cost(self, theta: Floats) -> float:
        """C with ReLU itself."""

    @property
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return len(self.widths) - 2

    def split(self, theta: Floats) -> tuple[list[Floats], list[Floats]]:
        """Weights and biases, as views; leading axes of θ stay."""
        weights, biases, place = [], [], 0
        lead = theta.shape[:-1]
        for rows, columns in self.shapes():
            weights.append(theta[..., place : place + rows * columns].reshape(*lead, rows, columns))
            place += rows * columns
        for rows, _ in self.shapes():
            biases.append(theta[..., place : place + rows])
            place += rows
        return weights, biases

    def join(self, weights: list[Floats], biases: list[Floats]) -> Floats:
        """The vector θ of these weights and biases."""
        return np.concatenate([part.ravel() for part in (*weights, *biases)])

    def layers_of(self, flat: NDArray[Entry]) -> list[NDArray[Entry]]:
        """A flat array over walls, as one array (N, M_ℓ) for each hidden layer."""
        parts, place, count = [], 0, len(self.points)
        for width in self.widths[1:-1]:
            parts.append(flat[place : place + count * width].reshape(count, width))
            place += count * width
        return parts

    def wall(self, index: int) -> tuple[int, int, int]:
        """Layer (from 1), datum and component (from 0) of a place in a flat array."""
        count = len(self.points)
        for layer, width in enumerate(self.widths[1:-1], start=1):
            if index < count * width:
                return (layer, *divmod(index, width))
            index -= count * width
        raise IndexError(index)

    def half_average(self, residuals: Floats) -> float:
        """½ Σ ω |r|²."""
        return 0.5 * float(self.masses @ (residuals * residuals).sum(axis=1))


def length_of(vector: Floats) -> float:
    """|v|, also where |v|² is too large for a float."""
    largest = float(np.abs(vector).max(initial=0.0))
    return largest * float(np.linalg.norm(vector / largest)) if 0.0 < largest < np.inf else largest


def flat(parts: list[Floats], size: int = 0) -> Floats:
    """One flat array over walls from those of the layers."""
    return np.concatenate([part.ravel() for part in parts]) if parts else np.empty(size)


def inverted(matrix: Floats, what: str) -> Floats:
    """Inverse; UndefinedError where the matrix is singular, or became so on the way."""
    try:
        back = np.asarray(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        back = np.empty((0, 0))
    # An estimate of the condition number that costs no singular values.
    if not back.size or not np.linalg.norm(matrix) * np.linalg.norm(back) < LARGEST_CONDITION:
        raise UndefinedError(f"{what} is singular; the flow cannot be pulled back to input space there")
    return back
