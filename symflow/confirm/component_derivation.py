"""Both sides of a statement entry by entry, by the table of the claims format and nothing else.

Matrices are lists of rows of numbers of an :class:`~symflow.confirm.component_arithmetic.Arithmetic`. Every derivative
is taken entry by entry; nothing here knows a rule of matrix calculus.
"""

# ruff: noqa: ARG002  # a table calls every rule with the same arguments

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from symflow.confirm.component_arithmetic import Arithmetic
from symflow.confirm.component_values import Instance, Matrix
from symflow.errors import UnsupportedError
from symflow.expr.shapes import SCALAR, Shape
from symflow.expr.tree import ENTRYWISE, Expr, Symbol

Point = Mapping[str, int]  # data point by data index


class Derivation:
    """Evaluates trees to matrices of entries, at fixed sizes and data points."""

    def __init__(self, arithmetic: Arithmetic, sizes: Mapping[str, int], points: int) -> None:
        self.arithmetic = arithmetic
        self.sizes = sizes
        self.points = points
        self.zero = arithmetic.number(Fraction(0))
        self.one = arithmetic.number(Fraction(1))
        self._known: dict[tuple[Expr, tuple[tuple[str, int], ...]], Matrix] = {}

    def size(self, shape: Shape) -> tuple[int, int]:
        """Rows and columns as numbers."""
        rows, cols = (self.sizes[d] if isinstance(d, str) else d for d in shape)
        return rows, cols

    def instance(self, symbol: Symbol, point: int | None) -> Instance:
        """The matrix of a symbol, at a data point where it is a family."""
        return Instance(symbol, point, *self.size(symbol.shape))

    def entries(self, node: Expr, point: Point) -> Matrix:
        """The matrix of an expression at the data points of its free indices."""
        key = (node, tuple(sorted((i, point[i]) for i in node.free)))
        if key not in self._known:
            if node.op in ENTRYWISE:
                result = self._each(lambda x: self.arithmetic.function(node.op, x), self.entries(node.args[0], point))
            else:
                result = getattr(self, f"_{node.op}")(node, point)
            self._known[key] = result
        return self._known[key]

    def _each(self, f: Callable[..., Any], *matrices: Matrix) -> Matrix:
        return [[f(*xs) for xs in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]

    def _args(self, node: Expr, point: Point) -> list[Matrix]:
        return [self.entries(argument, point) for argument in node.args]

    # leaves

    def _symbol(self, node: Expr, point: Point) -> Matrix:
        symbol, index = node.data
        instance = self.instance(symbol, None if index is None else point[index])
        matrix = [[self.zero] * instance.cols for _ in range(instance.rows)]
        for name, places in instance.coordinates().items():
            for a, b, sign in places:
                matrix[a][b] = self.arithmetic.generator(name) * sign
        return matrix

    def _number(self, node: Expr, point: Point) -> Matrix:
        return [[self.arithmetic.number(node.data)]]

    def _eye(self, node: Expr, point: Point) -> Matrix:
        n, _ = self.size(node.shape)
        return [[self.one if a == b else self.zero for b in range(n)] for a in range(n)]

    def _zeros(self, node: Expr, point: Point) -> Matrix:
        rows, cols = self.size(node.shape)
        return [[self.zero] * cols for _ in range(rows)]

    def _ones(self, node: Expr, point: Point) -> Matrix:
        rows, cols = self.size(node.shape)
        return [[self.one] * cols for _ in range(rows)]

    # algebra

    def _add(self, node: Expr, point: Point) -> Matrix:
        return self._each(lambda *xs: sum(xs, self.zero), *self._args(node, point))

    def _neg(self, node: Expr, point: Point) -> Matrix:
        return self._each(lambda x: -x, *self._args(node, point))

    def _transpose(self, node: Expr, point: Point) -> Matrix:
        return _turned(*self._args(node, point))

    def _mul(self, node: Expr, point: Point) -> Matrix:
        x, y = self._args(node, point)
        factor, matrix = (x, y) if node.args[0].shape == SCALAR else (y, x)
        return self._each(lambda entry: factor[0][0] * entry, matrix)

    def _matmul(self, node: Expr, point: Point) -> Matrix:
        return self._times(*self._args(node, point))

    def _times(self, x: Matrix, y: Matrix) -> Matrix:
        columns = _turned(y)
        return [[sum((a * b for a, b in zip(row, column, strict=True)), self.zero) for column in columns] for row in x]

    def _div(self, node: Expr, point: Point) -> Matrix:
        x, divisor = self._args(node, point)
        factor = self.arithmetic.reciprocal(divisor[0][0])
        return self._each(lambda entry: entry * factor, x)

    def _pow(self, node: Expr, point: Point) -> Matrix:
        (x,) = self._args(node, point)
        base = x if node.data >= 0 else self._inverted(x)
        result = self._eye(Expr("eye", (), None, node.shape), point)
        for _ in range(abs(node.data)):
            result = self._times(result, base)
        return result

    def _inv(self, node: Expr, point: Point) -> Matrix:
        return self._inverted(*self._args(node, point))

    def _inverted(self, x: Matrix) -> Matrix:
        """The adjugate over the determinant."""
        factor = self.arithmetic.reciprocal(self._determinant(x))
        n = len(x)
        return [[self._cofactor(x, b, a) * factor for b in range(n)] for a in range(n)]

    def _cofactor(self, x: Matrix, a: int, b: int) -> Any:
        minor = [row[:b] + row[b + 1 :] for k, row in enumerate(x) if k != a]
        return self._determinant(minor) * (-1) ** (a + b)

    def _determinant(self, x: Matrix) -> Any:
        if not x:
            return self.one
        return sum((x[0][b] * self._cofactor(x, 0, b) for b in range(len(x))), self.zero)

    # functions of matrices

    def _tr(self, node: Expr, point: Point) -> Matrix:
        (x,) = self._args(node, point)
        return [[sum((x[a][a] for a in range(len(x))), self.zero)]]

    def _det(self, node: Expr, point: Point) -> Matrix:
        return [[self._determinant(*self._args(node, point))]]

    def _logdet(self, node: Expr, point: Point) -> Matrix:
        return [[self.arithmetic.function("logabs", self._determinant(*self._args(node, point)))]]

    def _sqnorm(self, node: Expr, point: Point) -> Matrix:
        (x,) = self._args(node, point)
        return self._summed(self._each(lambda a: a * a, x))

    def _dot(self, node: Expr, point: Point) -> Matrix:
        return self._summed(self._hadamard(node, point))

    def _summed(self, x: Matrix) -> Matrix:
        return [[sum((a for row in x for a in row), self.zero)]]

    def _hadamard(self, node: Expr, point: Point) -> Matrix:
        return self._each(lambda a, b: a * b, *self._args(node, point))

    def _comm(self, node: Expr, point: Point) -> Matrix:
        x, y = self._args(node, point)
        return self._each(lambda a, b: a - b, self._times(x, y), self._times(y, x))

    def _sym(self, node: Expr, point: Point) -> Matrix:
        (x,) = self._args(node, point)
        half = self.arithmetic.number(Fraction(1, 2))
        return self._each(lambda a, b: (a + b) * half, x, _turned(x))

    def _skew(self, node: Expr, point: Point) -> Matrix:
        (x,) = self._args(node, point)
        half = self.arithmetic.number(Fraction(1, 2))
        return self._each(lambda a, b: (a - b) * half, x, _turned(x))

    def _diag(self, node: Expr, point: Point) -> Matrix:
        (x,) = self._args(node, point)
        return [[row[0] if a == b else self.zero for b in range(len(x))] for a, row in enumerate(x)]

    def _diagpart(self, node: Expr, point: Point) -> Matrix:
        (x,) = self._args(node, point)
        return [[x[a][a]] for a in range(len(x))]

    def _outer(self, node: Expr, point: Point) -> Matrix:
        x, y = self._args(node, point)
        return self._times(x, _turned(y))

    def _apply(self, node: Expr, point: Point) -> Matrix:
        symbol, order = node.data
        return self._each(lambda x: self.arithmetic.apply(symbol.name, order, x), *self._args(node, point))

    def _datasum(self, node: Expr, point: Point) -> Matrix:
        total = self._zeros(node, point)
        for k in range(self.points):
            weight = self.arithmetic.generator(weight_name(k))
            total = self._each(
                lambda a, b, w=weight: a + w * b, total, self.entries(node.args[0], {**point, node.data: k})
            )
        return total

    # derivatives

    def _grad(self, node: Expr, point: Point) -> Matrix:
        f, X = node.args
        ((value,),) = self.entries(f, point)
        gradient = [[self.zero] * k for k in [self.size(X.shape)[1]] for _ in range(self.size(X.shape)[0])]
        for name, places in self._moving(X, point).coordinates().items():
            # dot(G, E) = df for E the matrix of this coordinate, whose squared norm is the number of its places
            share = self.arithmetic.number(Fraction(1, len(places)))
            slope = self.arithmetic.derivative(value, self.arithmetic.generator(name)) * share
            for a, b, sign in places:
                gradient[a][b] = slope * sign
        return gradient

    def _moving(self, X: Expr, point: Point) -> Instance:
        symbol, index = X.data
        return self.instance(symbol, None if index is None else point[index])

    def _liegrad(self, node: Expr, point: Point) -> Matrix:
        """With R moving to R + t A R for A = E_ab - E_ba, whose product with the answer is twice an entry of it."""
        f, R = node.args
        ((value,),) = self.entries(f, point)
        r = self.entries(R, point)
        n = range(len(r))
        slope = self._each(lambda x: self.arithmetic.derivative(value, x), r)
        half = self.arithmetic.number(Fraction(1, 2))
        return [
            [half * sum((slope[a][d] * r[b][d] - slope[b][d] * r[a][d] for d in n), self.zero) for b in n] for a in n
        ]

    def _jac(self, node: Expr, point: Point) -> Matrix:
        f, x = (self.entries(argument, point) for argument in node.args)
        return [[self.arithmetic.derivative(fa, xb) for (xb,) in x] for (fa,) in f]

    def _diff(self, node: Expr, point: Point) -> Matrix:
        f, X, E = node.args
        return self._directional(self.entries(f, point), [(self._moving(X, point), self.entries(E, point))])

    def _along(self, node: Expr, point: Point) -> Matrix:
        moves: list[tuple[Instance, Matrix]] = []
        for X, velocity in zip(node.args[1::2], node.args[2::2], strict=True):
            symbol, index = X.data
            # every member of a family moves, each with its own velocity
            places = [(None, point)] if index is None else [(k, {**point, index: k}) for k in range(self.points)]
            moves += [(self.instance(symbol, k), self.entries(velocity, place)) for k, place in places]
        return self._directional(self.entries(node.args[0], point), moves)

    def _directional(self, f: Matrix, moves: list[tuple[Instance, Matrix]]) -> Matrix:
        steps: list[tuple[Any, Any]] = []
        for instance, direction in moves:
            self._require_admissible(instance, direction)
            corners = ((name, places[0]) for name, places in instance.coordinates().items())
            steps += [(self.arithmetic.generator(name), direction[a][b]) for name, (a, b, _) in corners]

        def slope(value: Any) -> Any:
            return sum((self.arithmetic.derivative(value, g) * speed for g, speed in steps), self.zero)

        return self._each(slope, f)

    def _require_admissible(self, instance: Instance, direction: Matrix) -> None:
        """The direction must lie in the linear space of the kind, where the coordinates describe it."""
        rest = [row[:] for row in direction]
        for (a, b, _), *others in instance.coordinates().values():
            for c, d, sign in others:
                rest[c][d] = rest[c][d] - rest[a][b] * sign
            rest[a][b] = self.zero
        if any(x != 0 for row in rest for x in row):
            raise UnsupportedError(
                f"a direction for the {instance.symbol.kind} {instance.label} leaves the space of such matrices"
            )


def weight_name(point: int) -> str:
    """The generator of a data weight."""
    return f"weight~{point}"


def _turned(x: Matrix) -> Matrix:
    return [list(column) for column in zip(*x, strict=True)]
