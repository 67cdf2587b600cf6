"""Splitting a matrix that is one product into its factors, so that what is known of one tells of the others."""

from __future__ import annotations

from symflow.checker.formal import Algebra, Tensor
from symflow.checker.labelling import Factor


def split_chain(algebra: Algebra, argument: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]] | None:
    """Split a single term into a scalar, square matrices M(a,b) and diagonals v(a) whose product is the argument.

    The walk goes from the row to the column. Every factor at an index is taken at once, so that no other
    factor of the term meets it.
    """
    if len(argument.terms) != 1 or argument.dims[0] != argument.dims[1]:
        return None
    coefficient, factors, outs = argument.terms[0]
    data = set(outs[2:])
    left = list(factors)
    pieces: list[Tensor] = []
    diagonals: list[Tensor] = []
    at, end = outs[:2]
    if data & {at, end}:
        return None
    while True:
        onward: list[int] = []
        for factor in [f for f in left if at in f[1]]:
            left.remove(factor)
            sides = _sides(algebra, factor, data, argument.dims[0])
            if sides is None:
                return None
            beyond = [index for index in sides if index != at]
            onward += beyond
            (pieces if beyond else diagonals).append(_piece(algebra, factor, sides if beyond else [at], data))
        if at == end:
            scalar = Tensor(argument.dims[2:], ((coefficient, tuple(left), outs[2:]),))
            return None if onward else (algebra.collect(scalar), pieces, diagonals)
        if len(onward) != 1:
            return None
        at = onward[0]


def _sides(algebra: Algebra, factor: Factor, data: set[int], span: object) -> list[int] | None:
    """The one or two matrix indices of a factor whose data indices are free and whose ranges are the span."""
    atom, slots = factor
    sides = []
    for index, dim in zip(slots, algebra.dims[atom], strict=True):
        if dim is None:
            if index not in data:
                return None
        elif dim != span or index in data:
            return None
        else:
            sides.append(index)
    return sides if len(sides) <= 2 else None


def _piece(algebra: Algebra, factor: Factor, sides: list[int], data: set[int]) -> Tensor:
    atom, slots = factor
    used = [index for index in dict.fromkeys(slots) if index in data]
    span = dict(zip(slots, algebra.dims[atom], strict=True))
    outs = (*sides, *used)
    return algebra.collect(Tensor(tuple([span[index] for index in outs]), ((1, (factor,), outs),)))
