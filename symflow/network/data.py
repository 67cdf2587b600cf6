"""Labelled data: points, targets and positive weights, one row a datum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import index

import numpy as np

from symflow.errors import KindError, ShapeError
from symflow.network.arrays import Array, as_array, as_floats, as_fractions, require_one_arithmetic, require_shape


@dataclass(frozen=True, slots=True, eq=False)
class LabelledData:
    """Points x (N × M_0), targets y (N × M_{L+1}), weights ω > 0 (N), and the class numbers 0.. they came from (N).

    Averages are ⟨f⟩ = Σ ω f, not divided by Σ ω. Raises ShapeError where lengths differ and KindError for NaN,
    mixed exactness or a weight that is not positive.

    >>> LabelledData(points=[[0.5, 1.0]], targets=[[1.0, 0.0]], weights=[1.0], labels=(0,)).size
    1
    """

    points: Array
    targets: Array
    weights: Array
    labels: tuple[int, ...]

    def __post_init__(self) -> None:
        points = as_array(self.points, "points", 2)
        targets = as_array(self.targets, "targets", 2)
        weights = as_array(self.weights, "data weights", 1)
        require_one_arithmetic((points, targets, weights), "LabelledData")
        size = points.shape[0]
        require_shape(targets, (size, targets.shape[1]), "targets")
        require_shape(weights, (size,), "data weights")
        labels = _whole_numbers(self.labels)
        if len(labels) != size:
            raise ShapeError(f"{size} points need {size} labels; got {len(labels)}")
        if not (weights > 0).all():
            raise KindError(f"every data weight must be positive; the smallest is {weights.min()}")
        for name, value in (("points", points), ("targets", targets), ("weights", weights)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "labels", labels)

    @property
    def size(self) -> int:
        """N, the number of data."""
        return int(self.points.shape[0])

    @property
    def exact(self) -> bool:
        """Whether the arrays hold Fractions (otherwise float64)."""
        return self.points.dtype == object

    def to_floats(self) -> LabelledData:
        """The same data in float64."""
        return LabelledData(as_floats(self.points), as_floats(self.targets), as_floats(self.weights), self.labels)

    def to_fractions(self) -> LabelledData:
        """The same data as Fractions, without rounding."""
        return LabelledData(
            as_fractions(self.points), as_fractions(self.targets), as_fractions(self.weights), self.labels
        )


def _whole_numbers(labels: Sequence[int]) -> tuple[int, ...]:
    try:
        return tuple(index(label) for label in labels)
    except TypeError:
        raise KindError(f"labels must be one whole number for each point; got {labels!r}") from None


def class_weights(labels: Sequence[int], *, exact: bool = False) -> Array:
    """ω = 1/N_j for a datum of class j: the paper's choice. Shape (N,).

    >>> class_weights([0, 1, 1], exact=True).tolist()
    [Fraction(1, 1), Fraction(1, 2), Fraction(1, 2)]
    """
    sizes = Counter(labels)
    weights = np.array([Fraction(1, sizes[label]) for label in labels], dtype=object)
    return weights if exact else as_floats(weights)


def one_hot(labels: Sequence[int], dimension: int, *, exact: bool = False) -> Array:
    """Targets y_j = e_j in R^dimension, one row a datum. Raises ShapeError for a label outside 0..dimension-1.

    >>> one_hot([1, 0], 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if any(not 0 <= label < dimension for label in labels):
        raise ShapeError(
            f"one-hot targets in dimension {dimension} need labels 0..{dimension - 1}; got {sorted(set(labels))}"
        )
    targets = np.eye(dimension)[np.asarray(labels, dtype=int)]
    return as_fractions(targets) if exact else targets
