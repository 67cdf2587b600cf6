"""Arrays of one arithmetic: float64, or exact rationals as NumPy object arrays of ``Fraction``.

NumPy's ``+ - * @`` and ``where`` work on both, so the rest of the package is written once. Only reading,
inverting and comparing with a tolerance differ, and they are here. An integer array becomes float64; whoever
wants exact arithmetic says so by writing fractions.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError, ShapeError, UndefinedError

Array = NDArray[Any]

# A float matrix whose condition number passes this has lost all but three of its sixteen digits.
LARGEST_CONDITION = 1e13


def as_array(values: ArrayLike, what: str, ndim: int) -> Array:
    """Read float64 or exact rationals; refuse NaN, infinities, mixtures and a wrong number of axes.

    Raises ShapeError (axes) and KindError (entries). ``what`` names the array in the message.

    >>> from fractions import Fraction
    >>> as_array([[1, 2]], "W", 2).dtype, as_array([Fraction(1, 2), 1], "b", 1).dtype
    (dtype('float64'), dtype('O'))
    """
    if np.ma.is_masked(values):
        raise KindError(f"{what} has masked entries; leave these data out, or fill them in")
    try:
        raw = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"{what} is not a rectangular array: its rows have different lengths") from error
    if raw.ndim != ndim:
        raise ShapeError(f"{what} needs {ndim} axes; this one has shape {raw.shape}")
    if raw.size == 0:
        raise ShapeError(f"{what} is empty: its shape is {raw.shape}")
    if raw.dtype == object:
        array = np.array([_fraction(entry, what) for entry in raw.flat], dtype=object).reshape(raw.shape)
    elif raw.dtype.kind in "fiub":
        array = raw.astype(np.float64)
        if not np.isfinite(array).all():
            place = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
            raise KindError(f"{what} has the entry {array[place]} at {place}; every entry must be a finite number")
    else:
        raise KindError(f"{what} must hold real numbers or Fractions; its entries are of type {raw.dtype}")
    array.setflags(write=False)
    return array


def _fraction(entry: object, what: str) -> Fraction:
    if isinstance(entry, Fraction):
        return entry
    if isinstance(entry, (int, np.integer)):
        return Fraction(int(entry))
    if isinstance(entry, flint.fmpq | flint.fmpz):
        return Fraction(int(entry.p), int(entry.q)) if isinstance(entry, flint.fmpq) else Fraction(int(entry))
    raise KindError(
        f"{what} mixes exact numbers with {type(entry).__name__} {entry!r}; "
        "make every entry a Fraction (exact) or every entry a float"
    )


def is_exact(array: Array) -> bool:
    """Whether the entries are Fractions."""
    return array.dtype == object


def require_one_arithmetic(arrays: Iterable[Array], what: str) -> bool:
    """Return whether all arrays are exact; raise KindError where exact and float ones meet."""
    kinds = {is_exact(array) for array in arrays}
    if len(kinds) > 1:
        raise KindError(f"{what} mixes exact and float arrays; convert with to_floats() or to_fractions()")
    return kinds.pop()


def require_shape(array: Array, shape: tuple[int, ...], what: str) -> None:
    """Raise ShapeError unless the array has the shape."""
    if array.shape != shape:
        raise ShapeError(f"{what} must have shape {shape}; it has shape {array.shape}")


def identity(size: int, exact: bool) -> Array:
    """The size x size identity in the wanted arithmetic."""
    return as_fractions(np.eye(size)) if exact else np.eye(size)


def as_fractions(array: Array) -> Array:
    """The same numbers as Fractions; a float is a dyadic rational, so nothing is rounded."""
    exact = np.array([Fraction(entry) for entry in array.flat], dtype=object).reshape(array.shape)
    exact.setflags(write=False)
    return exact


def as_floats(array: Array) -> Array:
    """The nearest float64 numbers."""
    return array.astype(np.float64)


def inverse(matrix: Array, what: str) -> Array:
    """Inverse of a square matrix, exactly for Fractions.

    Raises ShapeError (not square) and UndefinedError (singular; in floats: condition number above 1e13).

    >>> from fractions import Fraction
    >>> inverse(as_array([[Fraction(2), 1], [0, Fraction(1, 3)]], "W", 2), "W")[0, 1]
    Fraction(-3, 2)
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ShapeError(
            f"{what} has shape {matrix.shape} and no inverse; cumulative coordinates need square weights "
            "(embed other widths as in theory F3)"
        )
    size = matrix.shape[0]
    if is_exact(matrix):
        entries = [flint.fmpq(entry.numerator, entry.denominator) for entry in matrix.flat]
        try:
            inverted = flint.fmpq_mat(size, size, entries).inv()
        except ZeroDivisionError as error:
            raise UndefinedError(f"{what} is singular and has no inverse; choose an invertible weight") from error
        flat = [Fraction(int(entry.p), int(entry.q)) for entry in inverted.entries()]
        return np.array(flat, dtype=object).reshape(size, size)
    condition = float(np.linalg.cond(matrix))
    if not condition < LARGEST_CONDITION:
        raise UndefinedError(
            f"{what} is singular to working precision (condition number {condition:.1e}); "
            "choose a better conditioned weight or exact Fractions"
        )
    return np.linalg.inv(matrix)


def require_orthogonal(matrix: Array, what: str) -> None:
    """Raise KindError unless the matrix times its transpose is 1: exactly for Fractions, to 1e-10 in floats."""
    defect = np.max(np.abs(matrix @ matrix.T - identity(matrix.shape[0], is_exact(matrix))))
    if defect > (0 if is_exact(matrix) else 1e-10):
        raise KindError(
            f"{what} is not orthogonal: an entry of {what}·{what}ᵀ − 1 is {float(defect):.1e}; "
            "draw_orthogonal() and numpy.linalg.qr give orthogonal matrices"
        )
