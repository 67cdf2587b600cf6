"""Expressions as functions of mpmath matrices, at whatever precision ``mpmath.mp`` has when they are called.

For numbers that floats cannot tell apart. Speed is no aim: the tree is walked as it stands, every value a matrix, one
for each choice of the data points that its free indices stand for.
"""

# ruff: noqa: ARG005  # a table calls every rule with the same arguments

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symflow.errors import KindError, ShapeError, UnsupportedError
from symflow.expr.mpmath_algebra import determinant, entrywise, identity, inverse, ratio, table_of, total
from symflow.expr.numpy_code import agree, bind, derivatives, signature, wanted
from symflow.expr.numpy_emission import WEIGHTS
from symflow.expr.numpy_lowering import DIAGONAL_KINDS
from symflow.expr.shapes import SCALAR, Dim
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import DERIVATIVES, ENTRYWISE, Expr, Symbol

Values = dict[tuple[int, ...], Any]  # data points of the free indices in alphabetical order: matrix


@dataclass(frozen=True, eq=False)
class MpmathFunction:
    """An expression as a function of mpmath matrices; made by :func:`compile_mpmath`, which says what it takes."""

    expression: Expr
    arguments: tuple[str, ...]
    symbols: dict[str, Symbol]
    dimensions: tuple[str, ...]  # those that no argument's shape tells, hence arguments themselves

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Evaluate; :func:`compile_mpmath` says what it takes and returns."""
        given = bind(self.arguments, (*self.symbols, *self.dimensions), values, named)
        sizes: dict[Dim, tuple[int, str]] = {d: (given[d], d) for d in self.dimensions}
        inputs: dict[str, Any] = {}
        points: tuple[int, str] | None = None
        for name, symbol in self.symbols.items():
            if symbol.kind == "function":
                inputs[name] = derivatives(given[name])
            elif symbol.family:
                inputs[name] = [_read(symbol, one, sizes) for one in given[name]]
                points = agree(points, len(inputs[name]), name, "data points")
            else:
                inputs[name] = _read(symbol, given[name], sizes)
        if any(node.op == "datasum" for node in self.expression.walk()):
            inputs[WEIGHTS] = weights = _weights(given.get(WEIGHTS), points)
            points = (len(weights), WEIGHTS)
        evaluation = _Evaluation(inputs, {d: n for d, (n, _) in sizes.items()}, points[0] if points else 0)
        found = bottom_up(self.expression, evaluation.visit)
        return _nested(found, len(self.expression.free), evaluation.points, self.expression.shape == SCALAR)

    def __repr__(self) -> str:
        return f"<mpmath function of {', '.join(self.arguments)}: {self.expression!r}>"


def compile_mpmath(expr: Expr, arguments: Iterable[str] | None = None) -> MpmathFunction:
    """Make a function of mpmath matrices of a derivative-free expression.

    It takes its arguments by name or in order, like :func:`~symflow.expr.numpy_code.compile_numpy`, and computes with
    the precision that ``mpmath.mp`` has when it is called. Numbers are whatever ``mpmath.mpmathify`` takes (int,
    Fraction, mpf, text, float); vectors and matrices are mpmath matrices, nested sequences or arrays of such numbers,
    data families sequences of them; masks and diagonal matrices are given by their diagonals or in full; a function
    symbol is a callable on one number, or the sequence f, f', f'', …; ``weights=`` are ones by default.

    It returns an mpf for a scalar, else an mpmath matrix, n x 1 for a vector. Data indices that no ``datasum`` binds
    become nested lists, in alphabetical order.

    Raises:
        UnsupportedError: the expression contains a derivative.
        KindError: ``arguments`` lacks a symbol of the expression.
        ShapeError: when called, with arguments whose shapes do not fit each other.
        UndefinedError: when called where the expression has no value: a division by zero, the inverse of a singular
            matrix, the logarithm or square root of a negative number.

    >>> import mpmath
    >>> from symflow.expr.language import datasum, sqnorm, sqrt, variable
    >>> x = variable(Symbol("x", "vector", ("n",), family=True), "i")
    >>> length = compile_mpmath(sqrt(datasum(sqnorm(x), "i")))
    >>> with mpmath.workdps(40):
    ...     print(length(x=[[1, 0], [0, 1]]))
    1.41421356237309504880168872420969807857
    """
    for node in expr.walk():
        if node.op in DERIVATIVES:
            raise UnsupportedError(
                f"{node.op} has no mpmath code: carry the differentiation out first (symflow grad), "
                "or take the other side"
            )
    return MpmathFunction(expr, *signature(expr, arguments))


class _Evaluation:
    """The values of the nodes of one expression, for one set of arguments."""

    def __init__(self, inputs: dict[str, Any], sizes: dict[Dim, int], points: int) -> None:
        self.inputs = inputs
        self.sizes = sizes
        self.points = points

    def visit(self, node: Expr, below: list[Values]) -> Values:
        indices = sorted(node.free)
        result: Values = {}
        for chosen in itertools.product(range(self.points), repeat=len(indices)):
            at = dict(zip(indices, chosen, strict=True))
            if node.op == "datasum":
                result[chosen] = self._sum(node, below[0], at)
            else:
                operands = [_at(arg, value, at) for arg, value in zip(node.args, below, strict=True)]
                result[chosen] = self._value(node, operands, at)
        return result

    def _sum(self, node: Expr, body: Values, at: dict[str, int]) -> Any:
        summed = self._constant("zeros", node)
        for k, weight in enumerate(self.inputs[WEIGHTS]):
            summed += _at(node.args[0], body, at | {node.data: k}) * weight
        return summed

    def _value(self, node: Expr, operands: list[Any], at: dict[str, int]) -> Any:
        match node.op:
            case "symbol":
                symbol, index = node.data
                value = self.inputs[symbol.name]
                return value if index is None else value[at[index]]
            case "eye" | "zeros" | "ones":
                return self._constant(node.op, node)
            case "apply":
                symbol, order = node.data
                return operands[0].apply(self.inputs[symbol.name][order])
            case op if op in ENTRYWISE:
                return operands[0].apply(entrywise(op))
            case _:
                return _RULES[node.op](node, *operands)

    def _constant(self, op: str, node: Expr) -> Any:
        rows, cols = (d if isinstance(d, int) else self.sizes[d] for d in node.shape)
        return identity(rows) if op == "eye" else table_of(rows, cols, int(op == "ones"))


def _at(node: Expr, values: Values, at: dict[str, int]) -> Any:
    """The value of a node with the data indices at the given points."""
    return values[tuple(at[index] for index in sorted(node.free))]


def _product(node: Expr, a: Any, b: Any) -> Any:
    if node.args[0].shape == SCALAR:
        return b * a[0, 0]
    return a * b[0, 0] if node.args[1].shape == SCALAR else a * b


def _power(node: Expr, a: Any) -> Any:
    k: int = node.data
    if k == 0:
        return identity(a.rows)
    result = a if k > 0 else inverse(a)
    base = result
    for bit in bin(abs(k))[3:]:  # squares, and one factor more for each 1 of the exponent
        result = result * result
        if bit == "1":
            result = result * base
    return result


def _diagonal_matrix(v: Any) -> Any:
    result = table_of(v.rows, v.rows, 0)
    for k in range(v.rows):
        result[k, k] = v[k, 0]
    return result


def _diagonal_part(a: Any) -> Any:
    result = table_of(a.rows, 1, 0)
    for k in range(a.rows):
        result[k, 0] = a[k, k]
    return result


def _hadamard(a: Any, b: Any) -> Any:
    result = a.copy()
    for k, m in _places(a):
        result[k, m] = a[k, m] * b[k, m]
    return result


def _log_abs_det(a: Any) -> Any:
    return _scalar(entrywise("log")(abs(determinant(a))))


def _places(a: Any) -> Iterator[tuple[int, int]]:
    return itertools.product(range(a.rows), range(a.cols))


def _scalar(value: Any) -> Any:
    return table_of(1, 1, value)


_RULES: dict[str, Callable[..., Any]] = {
    "number": lambda node: _scalar(ratio(node.data)),
    "add": lambda node, *terms: sum(terms[1:], terms[0]),
    "neg": lambda node, a: -a,
    "transpose": lambda node, a: a.T,
    "mul": _product,
    "matmul": _product,
    "div": lambda node, a, s: a * inverse(s)[0, 0],
    "pow": _power,
    "inv": lambda node, a: inverse(a),
    "tr": lambda node, a: _scalar(total(a[k, k] for k in range(a.rows))),
    "det": lambda node, a: _scalar(determinant(a)),
    "logdet": lambda node, a: _log_abs_det(a),
    "sqnorm": lambda node, a: _scalar(total(_hadamard(a, a))),
    "dot": lambda node, a, b: _scalar(total(_hadamard(a, b))),
    "comm": lambda node, a, b: a * b - b * a,
    "sym": lambda node, a: (a + a.T) / 2,
    "skew": lambda node, a: (a - a.T) / 2,
    "hadamard": lambda node, a, b: _hadamard(a, b),
    "diag": lambda node, v: _diagonal_matrix(v),
    "diagpart": lambda node, a: _diagonal_part(a),
    "outer": lambda node, u, v: u * v.T,
}


def _read(symbol: Symbol, value: Any, sizes: dict[Dim, tuple[int, str]]) -> Any:
    """The argument as a matrix, its sizes checked and noted."""
    table = _table(symbol, value)
    if symbol.kind in DIAGONAL_KINDS and table.cols == 1 < table.rows:
        table = _diagonal_matrix(table)
    if symbol.shape[0] == 1 and table.cols == 1:
        table = table.T  # a row given as a flat sequence
    for dim, size in zip(symbol.shape, (table.rows, table.cols), strict=True):
        known = (dim, "its kind") if isinstance(dim, int) else sizes.get(dim)
        noted = agree(known, size, symbol.name, dim)
        if not isinstance(dim, int):
            sizes[dim] = noted
    if symbol.kind in DIAGONAL_KINDS and any(table[k, m] != 0 for k, m in _places(table) if k != m):
        raise ShapeError(f"{symbol.name} is {symbol.kind}; the matrix given is not diagonal")
    return table


def _table(symbol: Symbol, value: Any) -> Any:
    listed = _listed(value)
    rows = [_listed(row) for row in listed] if _is_listing(listed) else [[listed]]
    rows = [row if _is_listing(row) else [row] for row in rows]
    if not rows or len({len(row) for row in rows}) != 1 or any(_is_listing(_listed(x)) for row in rows for x in row):
        raise ShapeError(f"{wanted(symbol)}; what is given is no such table of numbers")
    result = table_of(len(rows), len(rows[0]), 0)
    for k, m in _places(result):
        result[k, m] = rows[k][m]
    return result


def _listed(value: Any) -> Any:
    """mpmath matrices and arrays as lists, anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def _is_listing(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _weights(value: Any, points: tuple[int, str] | None) -> list[Any]:
    if value is None:
        if points is None:
            raise KindError("no argument tells the number of data points: give weights=")
        return [ratio(Fraction(1))] * points[0]
    weights = list(_table(Symbol(WEIGHTS, "vector", ("N",)), value))
    agree(points, len(weights), WEIGHTS, "the number of data points")
    return weights


def _nested(values: Values, depth: int, points: int, scalar: bool, chosen: tuple[int, ...] = ()) -> Any:
    """The values as lists within lists, one level for each free index; those of scalars as numbers."""
    if len(chosen) < depth:
        return [_nested(values, depth, points, scalar, (*chosen, k)) for k in range(points)]
    return values[chosen][0, 0] if scalar else values[chosen]
