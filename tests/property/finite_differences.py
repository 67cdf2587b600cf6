"""A third opinion on the value of a statement: 60 digits, and every derivative a difference quotient.

Neither symbolic differentiation nor jets nor rationals: expressions are evaluated by mpmath from their definitions, and
derivatives by central differences of step 1e-18, whose error is far below the tolerance, nested ones included. Slow
and plain on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath
from mpmath import mp, mpf

from symflow.expr.kinds import KINDS
from symflow.expr.tree import Equation, Expr
from symflow.refutation import Point

DIGITS = 60
STEP = mpf(10) ** -18
NEAR_KINK = mpf(10) ** -12
TOLERANCE = mpf(10) ** -15

Matrix = mpmath.matrix
Values = dict[str, list[Matrix]]


class NoValueError(ArithmeticError):
    """The expression has no value at the point, or a derivative on a kink."""


def apart(equation: Equation, point: Point) -> bool:
    """Whether the sides differ at a point, by more than the tolerance relative to their size.

    Raises NoValueError where a side is not defined.
    """
    with mp.workdps(DIGITS):
        free = sorted(equation.lhs.free | equation.rhs.free)
        values = {name: [_matrix(m) for m in members] for name, members in point.values.items()}
        evaluator = _Evaluator(point)
        for member in range(point.count if free else 1):
            bound = dict.fromkeys(free, member)
            left, right = (evaluator(side, values, bound) for side in (equation.lhs, equation.rhs))
            size = max([mpf(1), *map(abs, left), *map(abs, right)])
            if any(abs(a - b) > TOLERANCE * size for a, b in zip(left, right, strict=True)):
                return True
        return False


def _matrix(m: Any) -> Matrix:
    return mpmath.matrix([[mpf(int(x.p)) / int(x.q) for x in row] for row in m.tolist()])


class _Evaluator:
    """Evaluates trees at one point; ``values`` and ``bound`` change under derivatives and data sums."""

    def __init__(self, point: Point) -> None:
        self.sizes = point.sizes
        self.weights = [mpf(int(w.p)) / int(w.q) for w in point.weights]
        self.functions = {n: [Fraction(int(c.p), int(c.q)) for c in cs] for n, cs in point.functions.items()}
        self.differentiating = 0

    def __call__(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        special: Callable[..., Matrix] | None = getattr(self, f"_{e.op}", None)
        if special is not None:
            return special(e, values, bound)
        args = [self(a, values, bound) for a in e.args]
        if e.op in _ENTRYWISE:
            return args[0].apply(lambda t: self._real(_ENTRYWISE[e.op], t))
        try:
            return _ALGEBRA[e.op](*args) if e.data is None else _ALGEBRA[e.op](*args, e.data)
        except ZeroDivisionError:
            raise NoValueError(f"{e.op} has no value") from None

    def _size(self, dim: str | int) -> int:
        return dim if isinstance(dim, int) else self.sizes[dim]

    def _real(self, function: Callable[[Any], Any], t: Any) -> Any:
        if abs(t) < NEAR_KINK and (function is _step or (function is _relu and self.differentiating)):
            raise NoValueError("on a kink, or too close to it for numbers that are rounded")
        if function in (mp.log, mp.sqrt) and (t < 0 or (t == 0 and (function is mp.log or self.differentiating))):
            raise NoValueError("the argument is not positive")
        return function(t)

    def _symbol(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        symbol, index = e.data
        return values[symbol.name][0 if index is None else bound[index]]

    def _number(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        return mpmath.matrix([[mpf(e.data.numerator) / e.data.denominator]])

    def _eye(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        return mpmath.eye(self._size(e.shape[0]))

    def _zeros(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        return mpmath.zeros(*map(self._size, e.shape))

    def _ones(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        return mpmath.ones(*map(self._size, e.shape))

    def _apply(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        symbol, order = e.data
        coefficients = self.functions[symbol.name]
        for _ in range(order):
            coefficients = [k * c for k, c in enumerate(coefficients)][1:]
        return self(e.args[0], values, bound).apply(
            lambda t: sum((mpf(c.numerator) / c.denominator * t**k for k, c in enumerate(coefficients)), mpf(0))
        )

    def _datasum(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        terms = [w * self(e.args[0], values, {**bound, e.data: k}) for k, w in enumerate(self.weights)]
        return sum(terms[1:], terms[0])

    # derivatives

    def _slope(self, f: Expr, bound: Mapping[str, int], path: Callable[[Any], Values]) -> Matrix:
        """The derivative at 0 of f along a path of values."""
        self.differentiating += 1
        try:
            return (self(f, path(STEP), bound) - self(f, path(-STEP), bound)) / (2 * STEP)
        finally:
            self.differentiating -= 1

    def _towards(self, values: Values, name: str, member: int, E: Matrix) -> Callable[[Any], Values]:
        def path(t: Any) -> Values:
            members = list(values[name])
            members[member] = members[member] + t * E
            return {**values, name: members}

        return path

    def _entrywise(self, e: Expr, values: Values, bound: Mapping[str, int]) -> list[list[Matrix]]:
        """The derivative of e.args[0] by every entry of e.args[1]."""
        symbol, index = e.args[1].data
        member = 0 if index is None else bound[index]
        rows, cols = (self._size(d) for d in symbol.shape)
        return [
            [self._slope(e.args[0], bound, self._towards(values, symbol.name, member, _unit(rows, cols, i, j)))
             for j in range(cols)] for i in range(rows)
        ]  # fmt: skip

    def _grad(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        G = mpmath.matrix([[d[0, 0] for d in row] for row in self._entrywise(e, values, bound)])
        linear = KINDS[e.args[1].data[0].kind].linear
        if linear == "diagonal":
            return mpmath.diag([G[k, k] for k in range(G.rows)])
        return G if linear == "all" else (G + G.T) / 2 if linear == "symmetric" else (G - G.T) / 2

    def _jac(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        columns = [row[0] for row in self._entrywise(e, values, bound)]
        return mpmath.matrix([[column[k, 0] for column in columns] for k in range(columns[0].rows)])

    def _liegrad(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        symbol, index = e.args[1].data
        member = 0 if index is None else bound[index]
        R = values[symbol.name][member]
        result = mpmath.zeros(R.rows, R.rows)
        for i in range(R.rows):
            for j in range(i):
                A = _unit(R.rows, R.rows, i, j) - _unit(R.rows, R.rows, j, i)

                def path(t: Any, A: Matrix = A) -> Values:
                    members = list(values[symbol.name])
                    members[member] = (mpmath.eye(A.rows) + t * A + t * t / 2 * A * A) * R
                    return {**values, symbol.name: members}

                slope = self._slope(e.args[0], bound, path)[0, 0]
                result[i, j], result[j, i] = slope / 2, -slope / 2
        return result

    def _diff(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        symbol, index = e.args[1].data
        E = self(e.args[2], values, bound)
        return self._slope(
            e.args[0], bound, self._towards(values, symbol.name, 0 if index is None else bound[index], E)
        )

    def _along(self, e: Expr, values: Values, bound: Mapping[str, int]) -> Matrix:
        moves: list[tuple[str, int, Matrix]] = []
        for X, velocity in zip(e.args[1::2], e.args[2::2], strict=True):
            symbol, index = X.data
            for member in range(len(values[symbol.name])):
                inner = bound if index is None else {**bound, index: member}
                moves.append((symbol.name, member, self(velocity, values, inner)))

        def path(t: Any) -> Values:
            moved = dict(values)
            for name, member, E in moves:
                moved = self._towards(moved, name, member, E)(t)
            return moved

        return self._slope(e.args[0], bound, path)


def _unit(rows: int, cols: int, i: int, j: int) -> Matrix:
    E = mpmath.zeros(rows, cols)
    E[i, j] = 1
    return E


def _step(t: Any) -> Any:
    return mpf(1) if t > 0 else mpf(0)


def _relu(t: Any) -> Any:
    return t if t > 0 else mpf(0)


_ENTRYWISE = {
    "exp": mp.exp, "log": mp.log, "sqrt": mp.sqrt, "sin": mp.sin, "cos": mp.cos, "tanh": mp.tanh, "relu": _relu,
    "step": _step,
}  # fmt: skip


def _inverse(X: Matrix) -> Matrix:
    if abs(mp.det(X)) < NEAR_KINK:
        raise NoValueError("the inverse of a singular matrix")
    return X**-1


def _power(X: Matrix, k: int) -> Matrix:
    base = _inverse(X) if k < 0 else X
    result = mpmath.eye(X.rows)
    for _ in range(abs(k)):
        result = result * base
    return result


def _log_det(X: Matrix) -> Matrix:
    d = abs(mp.det(X))
    if d < NEAR_KINK:
        raise NoValueError("logdet of a singular matrix")
    return _scalar(mp.log(d))


def _scalar(t: Any) -> Matrix:
    return mpmath.matrix([[t]])


def _sum(*terms: Matrix) -> Matrix:
    return sum(terms[1:], terms[0])


def _dot(X: Matrix, Y: Matrix) -> Matrix:
    return _scalar(sum((a * b for a, b in zip(X, Y, strict=True)), mpf(0)))


def _hadamard(X: Matrix, Y: Matrix) -> Matrix:
    return mpmath.matrix([[X[i, j] * Y[i, j] for j in range(X.cols)] for i in range(X.rows)])


def _scaled(X: Matrix, Y: Matrix) -> Matrix:
    return X[0, 0] * Y if X.rows == X.cols == 1 else Y[0, 0] * X


def _quotient(X: Matrix, s: Matrix) -> Matrix:
    if abs(s[0, 0]) < NEAR_KINK:
        raise NoValueError("division by zero")
    return X / s[0, 0]


_ALGEBRA: dict[str, Callable[..., Matrix]] = {
    "add": _sum, "neg": lambda X: -X, "transpose": lambda X: X.T, "mul": _scaled, "matmul": lambda X, Y: X * Y,
    "div": _quotient, "pow": _power, "inv": _inverse, "logdet": _log_det, "dot": _dot, "hadamard": _hadamard,
    "tr": lambda X: _scalar(sum((X[k, k] for k in range(X.rows)), mpf(0))),
    "det": lambda X: _scalar(mp.det(X)),
    "sqnorm": lambda X: _dot(X, X),
    "comm": lambda A, B: A * B - B * A,
    "sym": lambda A: (A + A.T) / 2,
    "skew": lambda A: (A - A.T) / 2,
    "diag": lambda v: mpmath.diag(list(v)),
    "diagpart": lambda X: mpmath.matrix([X[k, k] for k in range(X.rows)]),
    "outer": lambda u, v: u * v.T,
}  # fmt: skip
