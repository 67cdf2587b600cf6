"""From a lowered expression to a straight-line program: one rule an operation, by the forms of its operands."""

# ruff: noqa: ARG002  # a table calls every rule with the same arguments

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from symflow.errors import UnsupportedError
from symflow.expr.numpy_lowering import DIAGONAL_KINDS, Rule, lower
from symflow.expr.numpy_program import RANK, Array, Program
from symflow.expr.shapes import SCALAR
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import ENTRYWISE, Expr

WEIGHTS = "weights"
_ALL = slice(None)


def _called(name: str, np: Any, x: Any) -> Any:
    return getattr(np, name)(x)


_ENTRYWISE: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {  # source; function of the library and the array
    **{name: (f"np.{name}({{0}})", partial(_called, name)) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
    "relu": ("np.maximum({0}, 0.0)", lambda np, x: np.maximum(x, 0.0)),
    "step": ("np.heaviside({0}, 0.0)", lambda np, x: np.heaviside(x, 0.0)),
}
_FIXES_ZERO = frozenset({"sqrt", "sin", "tanh", "relu", "step"})
assert set(_ENTRYWISE) == set(ENTRYWISE)


def symbol_form(kind: str, shape: tuple[object, object]) -> str:
    """How the value of a symbol is held: a key of ``RANK``; 1 x m matrices are held as columns."""
    if shape == SCALAR:
        return "scalar"
    if 1 in shape:
        return "column"
    return "diagonal" if kind in DIAGONAL_KINDS else "matrix"


def assemble(
    expr: Expr, library: Any = np, *, weighted: bool = True, rules: Mapping[str, Rule] | None = None
) -> tuple[Program, int]:
    """The program of a derivative-free expression, and the slot of its result.

    ``library`` is the module whose functions the steps call: NumPy, or one with its interface such as jax.numpy.
    Without ``weighted`` all data have weight 1; ``rules`` are for the lowering.

    Raises:
        UnsupportedError: the expression contains a derivative.
    """
    emission = _Emission(library, next(_families(expr), None), weighted)
    result = emission.result(bottom_up(lower(expr, rules), emission.visit))
    emission.program.prune(result)
    return emission.program, result


def _families(expr: Expr) -> Iterator[str]:
    return (node.data[0].name for node in expr.walk() if node.op == "symbol" and node.data[0].family)


class _Emission:
    def __init__(self, library: Any, family: str | None, weighted: bool) -> None:
        self.np = library
        self.family, self.weighted = family, weighted
        self.program = Program()
        self.negated: dict[int, Array] = {}  # slot of -x: x, so that sums can subtract

    def visit(self, node: Expr, below: list[Array]) -> Array:
        if node.op in ENTRYWISE:
            return self._entrywise(node.op, below[0])
        array: Array = getattr(self, f"_{node.op}")(node, *below)
        return array

    def result(self, array: Array) -> int:
        return self._full(array).slot if array.form == "diagonal" else array.slot

    # helpers

    def _unary(self, source: str, function: Callable[[Any], Any], x: Array, form: str) -> Array:
        return Array(self.program.emit(source, function, x.slot), form, x.indices)

    def _binary(
        self, source: str, function: Callable[[Any, Any], Any], x: Array, y: Array, form: str,
        first: tuple[Any, ...] = (), second: tuple[Any, ...] = (),
    ) -> Array:  # fmt: skip
        """An operation that broadcasts; ``first`` and ``second`` append axes to the operands."""
        indices = tuple(sorted({*x.indices, *y.indices}))
        slots = self.program.aligned(x, indices, first), self.program.aligned(y, indices, second)
        return Array(self.program.emit(source, function, *slots), form, indices)

    def _full(self, x: Array) -> Array:
        """A diagonal matrix with its zeros."""
        if x.form != "diagonal":
            return x
        return self._unary(
            "{0}[..., None] * np.eye({0}.shape[-1])", lambda d: d[..., None] * self.np.eye(d.shape[-1]), x, "matrix"
        )

    def _alike(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Two arrays of one shape in one form."""
        return (x, y) if x.form == y.form else (self._full(x), self._full(y))

    def _diagonal_of(self, x: Array) -> Array:
        if x.form != "matrix":
            return x
        return self._unary(
            "np.diagonal({0}, axis1=-2, axis2=-1)", lambda a: self.np.diagonal(a, axis1=-2, axis2=-1), x, "column"
        )

    # leaves

    def _symbol(self, node: Expr) -> Array:
        symbol, index = node.data
        form = symbol_form(symbol.kind, node.shape)
        return Array(self.program.input(symbol.name), form, () if index is None else (index,))

    def _number(self, node: Expr) -> Array:
        value: Fraction = node.data
        try:
            number = float(value)
        except OverflowError:
            raise UnsupportedError("a number of the expression is beyond the range of floats") from None
        return Array(self.program.constant(f"({number!r})" if number < 0 else repr(number), number), "scalar")

    def _eye(self, node: Expr) -> Array:
        if node.shape == SCALAR:
            return Array(self.program.constant("1.0", 1.0), "scalar")
        n = self.program.dimension(node.shape[0])
        return Array(self.program.emit("np.ones({0})", self.np.ones, n), "diagonal")

    def _filled(self, node: Expr) -> Array:
        if node.shape == SCALAR:
            value = 1.0 if node.op == "ones" else 0.0
            return Array(self.program.constant(repr(value), value), "scalar")
        make = self.np.ones if node.op == "ones" else self.np.zeros
        n, m = map(self.program.dimension, node.shape)
        if node.shape[1] == 1:
            return Array(self.program.emit(f"np.{node.op}({{0}})", make, n), "column")
        return Array(self.program.emit(f"np.{node.op}(({{0}}, {{1}}))", lambda n, m: make((n, m)), n, m), "matrix")

    _zeros = _ones = _filled

    def _total_weight(self, node: Expr) -> Array:
        if not self.weighted:
            if self.family is None:
                raise UnsupportedError("no argument tells the number of data points: take their weights as an argument")
            return Array(self.program.emit("float(len({0}))", len, self.program.input(self.family)), "scalar")
        return Array(self.program.emit("{0}.sum()", self.np.sum, self.program.input(WEIGHTS)), "scalar")

    # sums and multiples

    def _add(self, node: Expr, *terms: Array) -> Array:
        total = terms[0]
        for term in terms[1:]:
            size = self.negated.get(term.slot)
            x, y = self._alike(total, term if size is None else size)
            if size is None:
                total = self._binary("{0} + {1}", lambda a, b: a + b, x, y, x.form)
            else:
                total = self._binary("{0} - {1}", lambda a, b: a - b, x, y, x.form)
        return total

    def _neg(self, node: Expr, x: Array) -> Array:
        result = self._unary("-{0}", lambda a: -a, x, x.form)
        self.negated[result.slot] = x
        return result

    def _mul(self, node: Expr, x: Array, y: Array) -> Array:
        return self._scaled("{0} * {1}", lambda a, b: a * b, x, y)

    def _div(self, node: Expr, x: Array, y: Array) -> Array:
        return self._scaled("{0} / {1}", lambda a, b: a / b, x, y)

    def _scaled(self, source: str, function: Callable[[Any, Any], Any], x: Array, y: Array) -> Array:
        """One of the two is a scalar; with data axes it needs an axis for each of the other's."""
        x_rank, y_rank = RANK[x.form], RANK[y.form]
        first = (None,) * y_rank if x.form == "scalar" and x.indices else ()
        second = (None,) * x_rank if y.form == "scalar" and y.indices else ()
        return self._binary(source, function, x, y, x.form if x_rank else y.form, first, second)

    def _hadamard(self, node: Expr, x: Array, y: Array) -> Array:
        if x.form != y.form:  # a diagonal one makes the product diagonal
            x, y = self._diagonal_of(x), self._diagonal_of(y)
            return self._binary("{0} * {1}", lambda a, b: a * b, x, y, "diagonal")
        return self._binary("{0} * {1}", lambda a, b: a * b, x, y, x.form)

    # products

    def _matmul(self, node: Expr, a: Array, b: Array) -> Array:
        if a.form == "diagonal":
            across = (None,) if b.form == "matrix" else ()
            return self._binary("{0} * {1}", lambda x, y: x * y, a, b, b.form, across)
        if b.form == "diagonal":
            return self._binary("{0} * {1}", lambda x, y: x * y, a, b, "matrix", (), (None, _ALL))
        if b.form == "matrix":
            if b.indices or not a.indices:
                return self._binary("{0} @ {1}", lambda x, y: x @ y, a, b, "matrix")
            # one product of a tall matrix instead of one for each data point
            return self._binary("np.tensordot({0}, {1}, 1)", lambda x, y: self.np.tensordot(x, y, 1), a, b, "matrix")
        if not a.indices:
            if not b.indices:
                return self._binary("{0} @ {1}", lambda x, y: x @ y, a, b, "column")
            return self._binary("{1} @ {0}.T", lambda x, y: y @ x.T, a, b, "column")
        return self._binary("({0} @ {1})[..., 0]", lambda x, y: (x @ y)[..., 0], a, b, "column", (), (None,))

    def _solve(self, node: Expr, a: Array, b: Array) -> Array:
        if a.form == "diagonal":
            return self._binary("{1} / {0}", lambda d, v: v / d, a, b, "column")
        if not a.indices and len(b.indices) <= 1:
            # LAPACK factors the matrix once for all columns
            return self._binary(
                "np.linalg.solve({0}, {1}.T).T", lambda m, v: self.np.linalg.solve(m, v.T).T, a, b, "column"
            )
        return self._binary(
            "np.linalg.solve({0}, {1})[..., 0]",
            lambda m, v: self.np.linalg.solve(m, v)[..., 0],
            a,
            b,
            "column",
            (),
            (None,),
        )

    def _outer(self, node: Expr, u: Array, v: Array) -> Array:
        return self._binary("{0} * {1}", lambda x, y: x * y, u, v, "matrix", (None,), (None, _ALL))

    def _dot(self, node: Expr, x: Array, y: Array) -> Array:
        if x.form == "scalar":
            return self._mul(node, x, y)
        if x.form != y.form:
            x, y = self._diagonal_of(x), self._diagonal_of(y)
        if not x.indices and not y.indices and x.form != "matrix":
            return self._binary("{0} @ {1}", lambda a, b: a @ b, x, y, "scalar")
        spec = "...ab,...ab->..." if x.form == "matrix" else "...a,...a->..."
        return self._binary(
            f'np.einsum("{spec}", {{0}}, {{1}})', lambda a, b: self.np.einsum(spec, a, b), x, y, "scalar"
        )

    # one matrix

    def _transpose(self, node: Expr, x: Array) -> Array:
        if x.form == "column":  # a row that is the whole result: everything else takes the column
            return Array(self.program.emit("{0}[..., None, :]", lambda v: v[..., None, :], x.slot), "matrix", x.indices)
        if x.form != "matrix":
            return x
        if not x.indices:
            return Array(self.program.emit("{0}.T", lambda a: a.T, x.slot, inline=True), "matrix")
        return self._unary("np.swapaxes({0}, -1, -2)", lambda a: self.np.swapaxes(a, -1, -2), x, "matrix")

    def _skew(self, node: Expr, x: Array) -> Array:
        """sym and skew, where the lowering leaves them whole."""
        sign = "-" if node.op == "skew" else "+"
        join: Callable[[Any, Any], Any] = operator.sub if node.op == "skew" else operator.add
        turned = self._transpose(node, x)
        if x.form != "matrix" or turned.form != "matrix":
            return x if node.op == "sym" else self._unary("0.0 * {0}", lambda a: 0.0 * a, x, x.form)
        return self._binary(f"0.5 * ({{0}} {sign} {{1}})", lambda a, b: 0.5 * join(a, b), x, turned, "matrix")

    _sym = _skew

    def _inv(self, node: Expr, x: Array) -> Array:
        if x.form == "matrix":
            return self._unary("np.linalg.inv({0})", self.np.linalg.inv, x, "matrix")
        return self._unary("1.0 / {0}", lambda d: 1.0 / d, x, x.form)

    def _pow(self, node: Expr, x: Array) -> Array:
        k: int = node.data
        if x.form == "matrix":
            return self._unary(
                f"np.linalg.matrix_power({{0}}, {k})", lambda a: self.np.linalg.matrix_power(a, k), x, "matrix"
            )
        return self._unary(f"{{0}} ** {k}", lambda a: a**k, x, x.form)

    def _det(self, node: Expr, x: Array) -> Array:
        if x.form == "scalar":
            return x
        if x.form == "diagonal":
            return self._unary("{0}.prod(axis=-1)", lambda d: d.prod(axis=-1), x, "scalar")
        return self._unary("np.linalg.det({0})", self.np.linalg.det, x, "scalar")

    def _logdet(self, node: Expr, x: Array) -> Array:
        if x.form == "scalar":
            return self._unary("np.log(np.abs({0}))", lambda s: self.np.log(self.np.abs(s)), x, "scalar")
        if x.form == "diagonal":
            return self._unary(
                "np.log(np.abs({0})).sum(axis=-1)", lambda d: self.np.log(self.np.abs(d)).sum(axis=-1), x, "scalar"
            )
        return self._unary("np.linalg.slogdet({0})[1]", lambda a: self.np.linalg.slogdet(a)[1], x, "scalar")

    def _tr(self, node: Expr, x: Array) -> Array:
        if x.form == "diagonal":
            return self._unary("{0}.sum(axis=-1)", lambda d: d.sum(axis=-1), x, "scalar")
        return self._unary(
            "np.trace({0}, axis1=-2, axis2=-1)", lambda a: self.np.trace(a, axis1=-2, axis2=-1), x, "scalar"
        )

    def _diag(self, node: Expr, x: Array) -> Array:
        return x if x.form == "scalar" else Array(x.slot, "diagonal", x.indices)

    def _diagpart(self, node: Expr, x: Array) -> Array:
        return self._diagonal_of(x) if x.form != "diagonal" else Array(x.slot, "column", x.indices)

    # functions entry by entry

    def _entrywise(self, name: str, x: Array) -> Array:
        x = x if name in _FIXES_ZERO else self._full(x)
        source, function = _ENTRYWISE[name]
        return self._unary(source, partial(function, self.np), x, x.form)

    def _apply(self, node: Expr, x: Array) -> Array:
        symbol, order = node.data
        x = self._full(x)
        f = self.program.input(symbol.name)
        slot = self.program.emit(f"{{0}}[{order}]({{1}})", lambda f, a: f[order](a), f, x.slot)
        return Array(slot, x.form, x.indices)

    # data

    def _datasum(self, node: Expr, x: Array) -> Array:
        axis = x.indices.index(node.data)
        if not self.weighted:
            total = self.program.emit(f"{{0}}.sum(axis={axis})", lambda a: a.sum(axis=axis), x.slot)
            return Array(total, x.form, tuple(i for i in x.indices if i != node.data))
        if axis == 0 and len(x.indices) == 1 and x.form != "matrix":  # many times as fast as tensordot for few data
            total = self.program.emit("{0} @ {1}", lambda w, a: w @ a, self.program.input(WEIGHTS), x.slot)
            return Array(total, x.form)
        slot = self.program.emit(
            f"np.tensordot({{0}}, {{1}}, (0, {axis}))", lambda w, a: self.np.tensordot(w, a, (0, axis)),
            self.program.input(WEIGHTS), x.slot,
        )  # fmt: skip
        return Array(slot, x.form, tuple(i for i in x.indices if i != node.data))

    def _outer_sum(self, node: Expr, u: Array, v: Array) -> Array:
        if u.indices != v.indices or len(u.indices) != 1:
            return self._datasum(node, self._outer(node, u, v))
        if not self.weighted:
            return Array(self.program.emit("{0}.T @ {1}", lambda a, b: a.T @ b, u.slot, v.slot), "matrix")
        weights = self.program.input(WEIGHTS)
        slot = self.program.emit(
            "({0} * {1}[:, None]).T @ {2}", lambda a, w, b: (a * w[:, None]).T @ b, u.slot, weights, v.slot
        )
        return Array(slot, "matrix")
