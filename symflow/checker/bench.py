"""What the relations are built with: the algebra, the reader, the judge, and side conditions by sub-entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from symflow.checker.formal import Algebra, Label, Range, Tensor, scaled, total
from symflow.checker.judgements import Judge
from symflow.checker.placing import Rational
from symflow.checker.reading import Reader, read_list, read_number, read_positions
from symflow.errors import CertificateError


class Placed(NamedTuple):
    """A factor of a split: a tensor and, for each of its outs, the position among the outs of the whole."""

    tensor: Tensor
    positions: tuple[int, ...]

    @property
    def every_value(self) -> bool:
        """Whether all values of its slots are met. Two outs at one position meet those of a diagonal only."""
        return len(set(self.positions)) == len(self.positions)


class Bench:
    """Tools for building relations. ``establish`` raises unless the entries make the tensor formally zero."""

    def __init__(
        self, algebra: Algebra, reader: Reader, judge: Judge, establish: Callable[[Tensor, object], None]
    ) -> None:
        self.algebra = algebra
        self.reader = reader
        self.judge = judge
        self._establish = establish

    # ---- reading parameters

    def argument(self, value: object) -> Tensor:
        """A parameter that is an argument."""
        return self.reader.argument(value)

    def square(self, value: object) -> Tensor:
        """A parameter that is an argument with row and column of one dimension, then data outs."""
        tensor = self.reader.argument(value)
        dims = tensor.dims
        if len(dims) < 2 or dims[0] is None or dims[0] != dims[1] or any(d is not None for d in dims[2:]):
            raise CertificateError(f"a square matrix is needed; the outs range over {dims}")
        return tensor

    def placed(self, value: object, dims: tuple[Range, ...]) -> Placed:
        """A pair (argument, positions) of a factor of something with outs of ranges ``dims``."""
        pair = read_list(value, "a factor (argument, positions)")
        if len(pair) != 2:
            raise CertificateError("a factor is a pair (argument, positions)")
        tensor = self.reader.argument(pair[0])
        return Placed(tensor, read_positions(pair[1], dims, tensor.dims))

    def all_placed(self, value: object, dims: tuple[Range, ...]) -> list[Placed]:
        """A list of such pairs."""
        return [self.placed(pair, dims) for pair in read_list(value, "a list of factors")]

    def symbol(self, value: object, *kinds: str) -> tuple[str, Tensor]:
        """A symbol of one of the kinds: its kind, and itself as a tensor with one out per slot."""
        head = self.reader.symbol(value)
        kind = str(head[2])
        if kind not in kinds:
            raise CertificateError(f"{head[1]} is {kind}; the relation is for {', '.join(kinds)}")
        return kind, self.algebra.lone(self.algebra.atom(head))

    # ---- conditions

    def equal(self, first: Tensor, second: Tensor, sub: object) -> None:
        """Raise unless the sub-entries establish first = second."""
        self._establish(total(first.dims, first, scaled(-1, second)), sub)

    def formally_equal(self, first: Tensor, second: Tensor, what: str) -> None:
        """Raise unless the tensors are formally equal."""
        if self.algebra.collect(total(first.dims, first, scaled(-1, second))).terms:
            raise CertificateError(f"{what} is not formally so")

    def require(self, condition: bool, message: str) -> None:
        """Raise CertificateError with the message unless the condition holds."""
        if not condition:
            raise CertificateError(message)

    def invertible(self, tensor: Tensor) -> None:
        """Raise unless the matrix is known to be invertible."""
        self.require(self.judge.invertible(tensor), "the matrix is not known to be invertible")

    def all_but_one(self, factors: Sequence[Placed], judgement: Callable[[Tensor], bool]) -> Placed | None:
        """The factor for which the judgement is not known, if there is one; raise where there are more."""
        unknown = [factor for factor in factors if not judgement(factor.tensor)]
        self.require(len(unknown) <= 1, f"the sign of {len(unknown)} factors is not known; one is allowed")
        return unknown[0] if unknown else None

    def factors_of_nonzero(self, factors: Sequence[Placed]) -> None:
        """Let the judge know that factors of an argument without zeros have none."""
        for factor in factors:
            if factor.every_value:
                self.judge.factor_of_nonzero(factor.tensor)

    # ---- building

    def product(self, dims: tuple[Range, ...], *factors: Placed | tuple[Tensor, Sequence[int]]) -> Tensor:
        """The entrywise product, each factor at its positions among outs of ranges ``dims``."""
        outs = range(len(dims))
        ranges: dict[Label, Range] = dict(zip(outs, dims, strict=True))
        return self.algebra.contract(list(factors), outs, ranges)

    def times(self, first: Tensor, *others: Tensor) -> Tensor:
        """The entrywise product of tensors with the same outs."""
        every = range(len(first.dims))
        return self.product(first.dims, *[(tensor, every) for tensor in (first, *others)])

    def one(self, dims: tuple[Range, ...]) -> Tensor:
        """1 in every entry."""
        return self.product(dims)

    def identity(self, dims: tuple[Range, ...]) -> Tensor:
        """The identity matrix; ``dims`` are row, column, data."""
        data = range(2, len(dims))
        ranges: dict[Label, Range] = {place: dims[place] for place in (0, *data)}
        return self.algebra.contract([], [0, 0, *data], ranges)

    def diagonal(self, dims: tuple[Range, ...], entries: Tensor) -> Tensor:
        """delta(a,b) e(a), for entries e with the row and data outs of ``dims``."""
        self.require(entries.dims == dims[1:], f"the diagonal needs outs with ranges {dims[1:]}")
        data = list(range(2, len(dims)))
        return self.algebra.contract([(entries, [0, *data])], [0, 0, *data])

    def matrix_product(self, *matrices: Tensor, dims: tuple[Range, ...]) -> Tensor:
        """The product of matrices; ``dims`` are row, column, data of the result.

        Each matrix has the data outs of the result, or none.
        """
        data: list[Label] = [("data", k) for k in range(len(dims) - 2)]
        parts: list[tuple[Tensor, list[Label]]] = []
        for number, matrix in enumerate(matrices):
            parts.append((matrix, [number, number + 1, *self.data_labels(matrix, 2, dims[2:])]))
        ranges: dict[Label, Range] = dict(zip(data, dims[2:], strict=True))
        return self.algebra.contract(parts, [0, len(matrices), *data], ranges)

    def data_labels(self, tensor: Tensor, lead: int, data: tuple[Range, ...]) -> list[Label]:
        """Labels for the outs after the first ``lead``: they are the data outs of the whole, or there are none."""
        if len(tensor.dims) < lead or tensor.dims[lead:] not in ((), data):
            raise CertificateError(f"outs with ranges {tensor.dims} where {lead} and then {data} or nothing are needed")
        return [("data", k) for k in range(len(tensor.dims) - lead)]


def positive_number(value: object) -> Rational:
    """A parameter that is a number above 0."""
    number = read_number(value)
    if number <= 0:
        raise CertificateError(f"the number {number} is not positive")
    return number


def inverse_number(value: object) -> Fraction:
    """1/c of a parameter that is a number other than 0."""
    number = read_number(value)
    if not number:
        raise CertificateError("the number 0 has no inverse")
    return 1 / Fraction(number)
