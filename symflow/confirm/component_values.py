"""Explicit entries of symbols at a fixed size, and the parametrisations of the kinds that obey equations.

Entries are free generators while derivatives are taken; afterwards those of orthogonal, projector and idempotent
symbols are replaced by rational functions of parameters that reach a dense part of each component of the set:
both determinants, every rank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symflow.confirm.component_arithmetic import Arithmetic
from symflow.errors import UnsupportedError
from symflow.expr.kinds import KINDS
from symflow.expr.tree import Symbol

Matrix = list[list[Any]]
PARAMETRISED = ("orthogonal", "projector", "idempotent")


@dataclass(frozen=True)
class Instance:
    """One matrix of numbers: a symbol, at one data point where it is a family."""

    symbol: Symbol
    point: int | None
    rows: int
    cols: int

    @property
    def label(self) -> str:
        """The name that its generators begin with."""
        return self.symbol.name if self.point is None else f"{self.symbol.name}[{self.point}]"

    def coordinates(self) -> dict[str, list[tuple[int, int, int]]]:
        """Generators by name, each with the places (row, column, sign) where it stands in the matrix."""
        linear = KINDS[self.symbol.kind].linear
        places = [(a, b) for a in range(self.rows) for b in range(self.cols)]
        if linear == "diagonal":
            return {f"{self.label}_{a}": [(a, a, 1)] for a in range(self.rows)}
        if linear == "antisymmetric":
            return {f"{self.label}_{a}{b}": [(a, b, 1), (b, a, -1)] for a, b in places if a < b}
        if linear == "symmetric":
            return {
                f"{self.label}_{a}{b}": [(a, b, 1)] if a == b else [(a, b, 1), (b, a, 1)] for a, b in places if a <= b
            }
        return {f"{self.label}_{a}{b}": [(a, b, 1)] for a, b in places}

    def parameters(self) -> list[str]:
        """Names of the parameters that the parametrisations of this kind and size use."""
        counts = {"orthogonal": (0, 1, 3), "projector": (0, 1, 2), "idempotent": (0, 2, 4)}
        if self.symbol.kind not in counts:
            return []
        if self.rows > 3:
            raise UnsupportedError(
                f"{self.symbol.kind} of size {self.rows} has no parametrisation here; take at most 3"
            )
        return [f"{self.label}~{k}" for k in range(counts[self.symbol.kind][self.rows - 1])]

    def positive(self) -> bool:
        """Whether its generators are positive."""
        return self.symbol.kind in ("positive_scalar", "positive_diagonal")

    def parametrisations(self, arithmetic: Arithmetic) -> Iterator[tuple[Matrix, Any]]:
        """Each as a matrix of numerators and one denominator."""
        one, zero = arithmetic.number(Fraction(1)), arithmetic.number(Fraction(0))
        unit = [[one if a == b else zero for b in range(self.rows)] for a in range(self.rows)]
        p = [arithmetic.generator(name) for name in self.parameters()]
        if self.symbol.kind == "orthogonal":
            numerator, denominator = _rotation(self.rows, p, one)
            yield numerator, denominator
            # the other determinant: one row changes sign
            yield [[-x for x in numerator[0]], *numerator[1:]], denominator
            return
        yield unit, one
        yield [[zero] * self.rows for _ in range(self.rows)], one
        if self.rows == 1:
            return
        u = [one, *p[: self.rows - 1]]
        w = u if self.symbol.kind == "projector" else [one, *p[self.rows - 1 :]]
        denominator = sum((x * y for x, y in zip(u, w, strict=True)), zero)
        line = [[x * y for y in w] for x in u]
        yield line, denominator
        if self.rows == 3:
            yield (
                [[e * denominator - x for e, x in zip(*rows, strict=True)] for rows in zip(unit, line, strict=True)],
                denominator,
            )


def _rotation(size: int, p: list[Any], one: Any) -> tuple[Matrix, Any]:
    """A rotation by stereographic coordinates: half-angle tangent in the plane, Euler-Rodrigues in space."""
    if size == 1:
        return [[one]], one
    if size == 2:
        (t,) = p
        return [[one - t * t, -t - t], [t + t, one - t * t]], one + t * t
    a, b, c = p
    two = one + one
    aa, bb, cc = a * a, b * b, c * c
    return [
        [one + aa - bb - cc, two * (a * b - c), two * (a * c + b)],
        [two * (a * b + c), one - aa + bb - cc, two * (b * c - a)],
        [two * (a * c - b), two * (b * c + a), one - aa - bb + cc],
    ], one + aa + bb + cc
