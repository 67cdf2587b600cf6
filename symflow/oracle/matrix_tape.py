"""Reverse-mode differentiation over matrices of rationals: FLINT does the arithmetic, a tape the chain rule.

Nodes are whole matrices, because a network is a handful of matrix operations while its entries are thousands of
rational ones: the tape stays short and the work stays in C.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flint import fmpq, fmpq_mat

from symflow.errors import ShapeError, UnsupportedError
from symflow.oracle.choices import RELU, Activation
from symflow.oracle.problem import OnKink, kink_error, singular_error

Pullback = Callable[[fmpq_mat], fmpq_mat]


class Node:
    """A matrix that remembers how it was computed, and how an adjoint passes to what it was computed from."""

    __slots__ = ("adjoint", "parents", "value")

    def __init__(self, value: fmpq_mat, parents: Sequence[tuple[Node, Pullback]] = ()) -> None:
        self.value = value
        self.parents = tuple(parents)
        self.adjoint: fmpq_mat | None = None

    def __matmul__(self, other: Node) -> Node:
        left, right = self.value, other.value
        return Node(
            left * right,
            ((self, lambda adjoint: adjoint * right.transpose()), (other, lambda adjoint: left.transpose() * adjoint)),
        )

    def __add__(self, other: Node) -> Node:
        """Sum; a column on the right is added to every column on the left."""
        columns = self.value.ncols()
        if other.value.ncols() == columns:
            return Node(self.value + other.value, ((self, _same), (other, _same)))
        if other.value.ncols() != 1:
            raise ShapeError(f"cannot add {other.value.ncols()} columns to {columns}")
        ones = fmpq_mat(1, columns, [1] * columns)
        return Node(
            self.value + other.value * ones, ((self, _same), (other, lambda adjoint: adjoint * ones.transpose()))
        )

    def __sub__(self, other: Node) -> Node:
        return Node(self.value - other.value, ((self, _same), (other, lambda adjoint: -adjoint)))

    def __mul__(self, other: Node) -> Node:
        """Product entry by entry."""
        left, right = self.value, other.value
        return Node(
            _entrywise(left, right),
            ((self, lambda adjoint: _entrywise(adjoint, right)), (other, lambda adjoint: _entrywise(left, adjoint))),
        )


def _same(adjoint: fmpq_mat) -> fmpq_mat:
    return adjoint


def _entrywise(left: fmpq_mat, right: fmpq_mat) -> fmpq_mat:
    entries = [first * second for first, second in zip(left.entries(), right.entries(), strict=True)]
    return fmpq_mat(left.nrows(), left.ncols(), entries)


def _filled(like: fmpq_mat, entry: fmpq) -> Node:
    """A constant: the shape of a matrix, one number at every place."""
    return Node(fmpq_mat(like.nrows(), like.ncols(), [entry] * (like.nrows() * like.ncols())))


class RationalArithmetic:
    """The remaining operations on nodes (``layered.Arithmetic``)."""

    def __init__(self, on_kink: OnKink, activation: Activation = RELU) -> None:
        self.on_kink = on_kink
        self.activation = activation

    def inverse(self, matrix: Node, what: str) -> Node:
        """V = M^{-1}, dV = −V dM V, so the adjoint of M is −Vᵀ V̄ Vᵀ."""
        try:
            value = matrix.value.inv()
        except ZeroDivisionError as error:
            raise singular_error(what) from error
        transposed = value.transpose()
        return Node(value, ((matrix, lambda adjoint: -(transposed * adjoint * transposed)),))

    def transpose(self, matrix: Node) -> Node:
        """Transpose; so is its adjoint."""
        return Node(matrix.value.transpose(), ((matrix, lambda adjoint: adjoint.transpose()),))

    def diagonal(self, vector: Node) -> Node:
        """diag(v); the adjoint of v is the diagonal of the adjoint."""
        size = vector.value.nrows()
        value = fmpq_mat(size, size)
        for row in range(size):
            value[row, row] = vector.value[row, 0]

        def pull(adjoint: fmpq_mat) -> fmpq_mat:
            return fmpq_mat(size, 1, [adjoint[row, row] for row in range(size)])

        return Node(value, ((vector, pull),))

    def activate(self, preactivation: Node, layer: int) -> Node:
        """The activation entry by entry; UnsupportedError where it leaves the rationals."""
        if not self.activation.rational:
            raise UnsupportedError(
                f"{self.activation.name} has no rational values: take symflow.oracle.precise, which has any number of "
                "digits"
            )
        numbers = [fmpq(number.numerator, number.denominator) for number in self.activation.numbers]
        if self.activation.name == "polynomial":
            return polynomial(preactivation, numbers)
        return self._rectify(preactivation, layer, numbers[0] if numbers else fmpq(0))

    def _rectify(self, preactivation: Node, layer: int, slope: fmpq) -> Node:
        """u where u > 0, else slope u; the slope is also the derivative at 0."""
        entries = preactivation.value.entries()
        rows, columns = preactivation.value.nrows(), preactivation.value.ncols()
        if self.on_kink == "raise":
            for place, entry in enumerate(entries):
                if entry == 0:
                    raise kink_error(layer, place % columns, place // columns)
        active = [entry > 0 for entry in entries]

        def mask(matrix: fmpq_mat) -> fmpq_mat:
            return fmpq_mat(
                rows,
                columns,
                [entry if on else slope * entry for entry, on in zip(matrix.entries(), active, strict=True)],
            )

        return Node(mask(preactivation.value), ((preactivation, mask),))


def polynomial(argument: Node, coefficients: Sequence[fmpq]) -> Node:
    """c_0 + c_1 u + c_2 u² + … entry by entry, by Horner's scheme."""
    total = _filled(argument.value, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * argument + _filled(argument.value, coefficient)
    return total


def weighted_sum(values: Node, weights: Sequence[fmpq]) -> Node:
    """Σ_i ω_i Σ_k v_ki over the columns v_i, a 1 × 1 node."""
    left = Node(fmpq_mat(1, values.value.nrows(), [1] * values.value.nrows()))
    return left @ values @ Node(fmpq_mat(len(weights), 1, list(weights)))


def half_weighted_square(residual: Node, weights: Sequence[fmpq]) -> Node:
    """½ Σ_i ω_i |r_i|² over the columns r_i, a 1 × 1 node; its derivative in r_i is ω_i r_i."""
    rows, columns = residual.value.nrows(), residual.value.ncols()
    entries = residual.value.entries()
    weighted = [weights[place % columns] * entry for place, entry in enumerate(entries)]
    total = sum((first * second for first, second in zip(weighted, entries, strict=True)), fmpq(0)) / 2
    slope = fmpq_mat(rows, columns, weighted)
    return Node(fmpq_mat(1, 1, [total]), ((residual, lambda adjoint: slope * adjoint[0, 0]),))


def propagate(result: Node) -> None:
    """Fill in the adjoints of all nodes that a 1 × 1 result depends on."""
    result.adjoint = fmpq_mat(1, 1, [1])
    for node in reversed(_in_order(result)):
        if node.adjoint is None:
            continue
        for parent, pull in node.parents:
            share = pull(node.adjoint)
            parent.adjoint = share if parent.adjoint is None else parent.adjoint + share


def _in_order(result: Node) -> list[Node]:
    """Nodes below ``result``, each after the ones it was computed from (depth first, without recursion)."""
    order: list[Node] = []
    seen: set[int] = set()
    pending: list[tuple[Node, bool]] = [(result, False)]
    while pending:
        node, parents_done = pending.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            pending.append((node, True))
            pending.extend((parent, False) for parent, _ in node.parents)
    return order
