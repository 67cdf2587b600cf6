"""What every separated flow asks of its input, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from symflow.errors import KindError, ShapeError
from symflow.flow.separated.sums import Floats
from symflow.network.arrays import Array, as_array, require_orthogonal, require_shape

# Between these no square, ratio or sum of a flow leaves the floats.
LARGEST = 1e150
SMALLEST_WEIGHT = 1e-150
FEW = 64


@dataclass(frozen=True, eq=False)
class Frame:
    """Start and target in the coordinates of R: q(0) = −Rβ and q* = Rỹ, each (Q,); ``rotation`` None stands for 1."""

    rotation: Floats | None
    start: Floats
    target: Floats

    def coordinates(self, points: Floats) -> Floats:
        """Rx for each row x; shape (Q, N), its rows contiguous."""
        return np.array(points.T if self.rotation is None else self.rotation @ points.T, order="C")

    def back(self, coordinates: Floats) -> Floats:
        """Rᵀu for each row u of (..., Q)."""
        return coordinates if self.rotation is None else np.asarray(coordinates @ self.rotation)


def read_frame(target: ArrayLike, bias: ArrayLike, rotation: ArrayLike | None, size: int) -> Frame:
    """Read target and bias (Q,) and the rotation (Q, Q) for Q = ``size``.

    Raises ShapeError and KindError (entries that are no finite numbers, or too large; rotation not orthogonal).
    """
    vectors = []
    for values, what in ((target, "target"), (bias, "bias")):
        vector = values.copy() if _is_plain(values) else read_floats(values, what, 1)
        require_shape(vector, (size,), what)
        vectors.append(vector)
    if rotation is None:
        return Frame(None, 0.0 - vectors[1], vectors[0])
    matrix = read_floats(rotation, "rotation", 2)
    require_shape(matrix, (size, size), "rotation")
    require_orthogonal(matrix, "rotation")
    return Frame(matrix, 0.0 - matrix @ vectors[1], matrix @ vectors[0])


def _is_plain(values: ArrayLike) -> TypeGuard[Floats]:
    """Whether a few numbers are as they should be already: told in a tenth of the time that it takes to read them."""
    return (
        type(values) is np.ndarray
        and values.dtype == np.float64
        and values.ndim == 1
        and 0 < values.size <= FEW
        and all(-LARGEST <= value <= LARGEST for value in values.tolist())
    )


def read_floats(values: ArrayLike, what: str, ndim: int) -> Floats:
    """As float64 with ``ndim`` axes; ShapeError and KindError as for ``read_frame``."""
    array: Array = as_array(values, what, ndim).astype(np.float64, copy=False)
    if max(array.max(), -array.min()) > LARGEST:
        raise KindError(f"{what} has an entry above {LARGEST:.0e} in absolute value; rescale the problem")
    return array


def read_points(points: ArrayLike) -> Floats:
    """Points (N, Q), as they are where they are floats already: a copy of them costs a tenth of a sort.

    Raises ShapeError and KindError as for ``read_frame``.
    """
    if isinstance(points, np.ndarray) and points.dtype == np.float64 and points.ndim == 2 and points.size > 0:
        array = np.asarray(points)
        if not np.ma.isMaskedArray(points) and array.max() <= LARGEST and array.min() >= -LARGEST:
            return array  # no NaN passes this
    return read_floats(points, "points", 2)


def read_weights(weights: ArrayLike | None, count: int) -> Floats | float:
    """Positive weights (N,), or one float where all are equal; 1/N for None. Raises ShapeError and KindError."""
    if weights is None:
        return 1 / count
    array = read_floats(weights, "weights", 1)
    require_shape(array, (count,), "weights")
    if not (array > 0).all():
        place = int(np.argmin(array > 0))
        raise KindError(
            f"weights[{place}] is {array[place]}; every weight must be positive: leave the point out instead"
        )
    if array.min() < SMALLEST_WEIGHT:
        raise KindError(
            f"weights has an entry below {SMALLEST_WEIGHT:.0e}; rescale the weights, or leave the point out"
        )
    return float(array[0]) if array.min() == array.max() else array


def read_places(places: ArrayLike, size: int) -> Floats:
    """Places of the thresholds, (..., Q) for Q = ``size``. Raises KindError and ShapeError."""
    try:
        array = np.asarray(places, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise KindError(f"thresholds must be numbers: {error}") from error
    if array.ndim == 0 or array.shape[-1] != size:
        raise ShapeError(
            f"thresholds has shape {array.shape}; its last axis is for the directions, and has size {size}"
        )
    if np.isnan(array).any():
        raise KindError("thresholds has the entry nan; every place must be a number")
    return array


def require_directions(found: int, size: int) -> None:
    """Raise ShapeError unless there is one distribution per direction."""
    if found != size:
        raise ShapeError(f"there are {found} distributions and {size} directions; give one for each direction")
