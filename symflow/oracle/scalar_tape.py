"""Reverse-mode differentiation over single numbers of any type, used with mpmath's.

Slower than a tape of matrices and deliberately different from it: the two check each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np

from symflow.oracle.choices import RELU, Activation
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

    def exp(self) -> Scalar:
        """The exponential."""
        value = mpmath.exp(self.value)
        return Scalar(self.tape, value, ((self, value),))

    def log(self) -> Scalar:
        """The natural logarithm."""
        return Scalar(self.tape, mpmath.log(self.value), ((self, 1 / self.value),))

    def sqrt(self) -> Scalar:
        """The square root of a positive number."""
        root = mpmath.sqrt(self.value)
        return Scalar(self.tape, root, ((self, 1 / (2 * root)),))


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

    def __init__(self, tape: list[Scalar], zero: Any, on_kink: OnKink, activation: Activation = RELU) -> None:
        self.tape = tape
        self.zero = zero
        self.on_kink = on_kink
        self.activation = activation

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

    def activate(self, preactivation: Array, layer: int) -> Array:
        """The activation entry by entry; relu'(0) = 0."""
        result = np.empty(preactivation.shape, dtype=object)
        for component, datum in np.ndindex(preactivation.shape):
            entry: Any = preactivation[component, datum]
            if self.activation.kinked and entry.value == 0 and self.on_kink == "raise":
                raise kink_error(layer, datum, component)
            result[component, datum] = self._activated(entry)
        return result

    def _activated(self, u: Scalar) -> Scalar:
        numbers = [
            self.constant(mpmath.mpf(number.numerator) / number.denominator) for number in self.activation.numbers
        ]
        one = self.constant(1)
        match self.activation.name:
            case "relu":
                return u if u.value > 0 else self.constant(0)
            case "leaky relu":
                return u if u.value > 0 else numbers[0] * u
            case "polynomial":
                return _horner(u, numbers)
            case "swish":
                return u / (one + (self.constant(0) - u).exp())
            case _:  # tanh u = (exp 2u − 1) / (exp 2u + 1)
                double = (u + u).exp()
                return (double - one) / (double + one)

    def loss_of(self, error: Array, loss: str) -> Scalar:
        """The loss of one datum that is a sum over the entries of the error."""
        one, total = self.constant(1), self.constant(0)
        for e in error:
            square = e * e
            if loss == "square":
                total = total + square / self.constant(2)
            elif loss == "quartic":
                total = total + square * square / self.constant(4)
            else:  # pseudo-Huber
                total = total + (one + square).sqrt() - one
        return total

    def cross_entropy(self, output: Array, label: Array) -> Scalar:
        """log Σ_k exp(x_k) − y·x of one datum."""
        total, aligned = self.constant(0), self.constant(0)
        for x, y in zip(output, label, strict=True):
            total = total + x.exp()
            aligned = aligned + x * y
        return total.log() - aligned


def _horner(u: Scalar, coefficients: Sequence[Scalar]) -> Scalar:
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * u + coefficient
    return total
