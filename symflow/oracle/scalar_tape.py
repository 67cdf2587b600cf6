"""Reverse-mode differentiation over single numbers of any type, used with mpmath's.

Slower than a tape of matrices and deliberately different from it: the two check each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from symflow.oracle.problem import Array, OnKink, kink_error, singular_error


class Scalar:
    """A number with its place on a tape and its slopes in the numbers it was computed from."""

    __slots__ = ("parents", "place", "tape", "value")

    def __init__(self, tape: list[Scalar], value: Any, parents: tuple[tuple[Scalar, Any], ...] = ()) -> None:
        self.tape = tape
        self.value = value
        self.parents = parents
        self.place = len(tape)
        tape.append(self)

    def __add__(self, other: Scalar) -> Scalar:
        return Scalar(self.tape, self.value + other.value, ((self, 1), (other, 1)))

    def __sub__(self, other: Scalar) -> Scalar:
        return Scalar(self.tape, self.value - other.value, ((self, 1), (other, -1)))

    def __mul__(self, other: Scalar) -> Scalar:
        return Scalar(self.tape, self.value * other.value, ((self, other.value), (other, self.value)))

    def __truediv__(self, other: Scalar) -> Scalar:
        quotient = self.value / other.value
        return Scalar(self.tape, quotient, ((self, 1 / other.value), (other, -quotient / other.value)))


def slopes(result: Scalar) -> list[Any]:
    """∂result/∂(number at each place of the tape); one backward sweep."""
    adjoints: list[Any] = [0] * len(result.tape)
    adjoints[result.place] = 1
    for node in reversed(result.tape):
        adjoint = adjoints[node.place]
        if adjoint:
            for parent, slope in node.parents:
                adjoints[parent.place] += adjoint * slope
    return adjoints


class ScalarArithmetic:
    """The operations of ``layered.Arithmetic`` on object arrays of scalars."""

    def __init__(self, tape: list[Scalar], zero: Any, on_kink: OnKink) -> None:
        self.tape = tape
        self.zero = zero
        self.on_kink = on_kink

    def constant(self, value: Any) -> Scalar:
        """A number without parents."""
        return Scalar(self.tape, value + self.zero)

    def identity(self, size: int) -> Array:
        """The size x size identity."""
        return self.lift(np.eye(size, dtype=int))

    def lift(self, numbers: Array) -> Array:
        """An array of numbers as an array of scalars."""
        result = np.empty(numbers.shape, dtype=object)
        for place in np.ndindex(numbers.shape):
            entry = numbers[place]
            result[place] = self.constant(int(entry) if isinstance(entry, np.integer) else entry)
        return result

    def transpose(self, matrix: Array) -> Array:
        """Transpose."""
        return matrix.T

    def diagonal(self, vector: Array) -> Array:
        """diag(v) of a column."""
        size = vector.shape[0]
        result = self.lift(np.zeros((size, size), dtype=int))
        for row in range(size):
            result[row, row] = vector[row, 0]
        return result

    def inverse(self, matrix: Array, what: str) -> Array:
        """Gauss-Jordan elimination with the largest pivot of each column, differentiated step by step."""
        size = matrix.shape[0]
        work = np.concatenate([matrix, self.identity(size)], axis=1)
        for column in range(size):
            pivot = max(range(column, size), key=lambda row: abs(work[row, column].value))
            if work[pivot, column].value == 0:
                raise singular_error(what)
            work[[column, pivot]] = work[[pivot, column]]
            work[column] = work[column] / work[column, column]
            for row in range(size):
                if row != column:
                    work[row] = work[row] - work[column] * work[row, column]
        return work[:, size:]

    def rectify(self, preactivation: Array, layer: int) -> Array:
        """relu entry by entry; relu'(0) = 0."""
        result = np.empty(preactivation.shape, dtype=object)
        for component, datum in np.ndindex(preactivation.shape):
            entry: Any = preactivation[component, datum]
            if entry.value == 0 and self.on_kink == "raise":
                raise kink_error(layer, datum, component)
            result[component, datum] = entry if entry.value > 0 else self.constant(0)
        return result
