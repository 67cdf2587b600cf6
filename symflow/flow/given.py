"""What a flow is given, and what is asked of its trajectory: read once, in the same words for every flow.

A wrong number found here costs a message; found later it costs a run of hours, or a trajectory that is silently wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.errors import KindError, ShapeError
from symflow.network.arrays import as_array

Floats = NDArray[np.float64]
Progress = Callable[[float], None]

# Between these neither squares nor products of a few entries leave the floats.
LARGEST = 1e75
SMALLEST_WEIGHT = 1e-75
LATEST = 1e30
TOLERANCES = (1e-13, 1e-2)


def read_real(values: Any, name: str, ndim: int) -> Floats:
    """As float64 with ``ndim`` axes, row after row, as compiled functions want them; Fractions are rounded.

    Raises ShapeError (axes, no entries) and KindError (complex, text, NaN, infinities, entries above 1e75).

    >>> read_real([[1, 2]], "points", 2)
    array([[1., 2.]])
    """
    array = as_array(values, name, ndim).astype(np.float64, order="C")
    if max(float(array.max()), -float(array.min())) > LARGEST:
        raise KindError(f"{name} has an entry above {LARGEST:.0e} in absolute value; rescale the problem")
    return array


def require_shapes(width: int, depth: int, arrays: dict[str, tuple[Floats, tuple[int, ...]]]) -> None:
    """Raise ShapeError where one of the named arrays has not the shape beside it, for Q = ``width``, L = ``depth``."""
    for name, (array, shape) in arrays.items():
        if array.shape != shape:
            raise ShapeError(
                f"{name} must have shape {shape} for points in R^{width} and biases of {depth} layers; "
                f"got {array.shape}"
            )


def read_labels(labels: Any, count: int, classes: int) -> NDArray[np.intp]:
    """The class of each of ``count`` points, 0..``classes`` − 1, each of which has a point.

    Raises ShapeError and KindError.

    >>> read_labels([0, 1, 1], 3, 2).tolist()
    [0, 1, 1]
    """
    try:
        found = np.asarray(labels)
    except ValueError:
        raise ShapeError("labels are not one row of numbers: their lengths differ") from None
    if found.shape != (count,):
        raise ShapeError(f"labels must have shape ({count},), one for each of the points; got {found.shape}")
    if found.dtype.kind not in "iu" or np.ma.is_masked(labels):
        raise KindError(f"labels must be whole numbers from 0 to {classes - 1}; their type is {found.dtype}")
    if found.min() < 0 or found.max() >= classes:
        raise KindError(
            f"labels must be whole numbers from 0 to {classes - 1}, the rows of targets; "
            f"got {found.min()} to {found.max()}"
        )
    empty = np.flatnonzero(np.bincount(found.astype(np.intp), minlength=classes) == 0)
    if empty.size:
        raise KindError(
            f"class {empty[0]} is empty: targets has a row for it, and no label is {empty[0]}; leave out the row"
        )
    return found.astype(np.intp)


def read_weights(weights: Any, count: int) -> Floats:
    """Positive weights (N,) of the points. Raises ShapeError and KindError."""
    found = read_real(weights, "weights", 1)
    if found.shape != (count,):
        raise ShapeError(f"weights must have shape ({count},), one for each of the points; got {found.shape}")
    if not (found > 0).all():
        place = int(np.argmin(found > 0))
        raise KindError(
            f"weights[{place}] is {found[place]}; every weight must be positive: leave the point out instead"
        )
    if found.min() < SMALLEST_WEIGHT:
        raise KindError(f"weights has an entry below {SMALLEST_WEIGHT:.0e}; rescale the weights")
    return found


def read_horizon(t_max: Any) -> float:
    """The time to reach. Raises KindError unless it is one real number, positive and finite.

    >>> read_horizon(3)
    3.0
    """
    if not is_real(t_max) or not 0 < t_max <= LATEST:
        raise KindError(f"t_max must be a positive, finite time; got {t_max!r}")
    return float(t_max)


def read_tolerance(rtol: Any) -> float:
    """Raises KindError unless rtol is a real number between 1e-13 and 1e-2."""
    least, most = TOLERANCES
    if not is_real(rtol) or not least <= rtol <= most:
        raise KindError(f"rtol must lie between 1e-13, which float64 can deliver, and 1e-2; got {rtol!r}")
    return float(rtol)


def read_count(number: Any, name: str, least: int = 0) -> int:
    """Raises KindError unless it is a whole number, ``least`` or more."""
    if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < least:
        raise KindError(f"{name} must be a whole number, {least} or more; got {number!r}")
    return int(number)


def read_choice(value: Any, name: str, choices: tuple[str, ...]) -> None:
    """Raises KindError unless the value is one of the words."""
    if not isinstance(value, str) or value not in choices:
        raise KindError(f"{name} is {' or '.join(map(repr, choices))}, not {value!r}")


def require_callable(progress: Any) -> None:
    """Raises KindError unless it is None or can be called."""
    if progress is not None and not callable(progress):
        raise KindError(f"progress must be a function of the share that is done, or None; got {progress!r}")


def read_asked_times(times: Any) -> Floats:
    """Times asked of a trajectory, of any shape, infinity among them. Raises KindError: no real numbers, NaN, before 0.

    >>> read_asked_times([0, 0.5])
    array([0. , 0.5])
    """
    try:
        found = np.asarray(times)
    except ValueError:
        raise KindError("times are not an array of numbers: their rows have different lengths") from None
    if found.size and (found.dtype.kind not in "fiu" or np.ma.is_masked(times)):
        raise KindError(f"times must be real numbers; their type is {found.dtype}")
    at = found.astype(np.float64)
    if np.isnan(at).any():
        raise KindError("times has the entry nan; every time must be a number ≥ 0")
    if at.size and at.min() < 0:
        raise KindError(f"times has the entry {at.min()}; a flow starts at time 0 and is not run backwards")
    return at


def is_real(value: Any) -> bool:
    """One real number: no bool, no array, no text; fractions are."""
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)
