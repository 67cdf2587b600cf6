"""SymPy's matrix expressions in, symflow's trees out; the way back is next door and offered here too.

Only the shape of an expression crosses the bridge: SymPy's own matrix calculus and simplification are never asked.
SymPy has no scalar product of matrices, so a 1 x 1 matrix product goes out as its trace. A node without counterpart
raises instead of crossing as something else. SymPy takes half a second to import and is imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

from symflow.errors import KindError, UnsupportedError
from symflow.expr import language
from symflow.expr.shapes import SCALAR, Dim, Shape
from symflow.expr.sympy_writing import to_sympy
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import ENTRYWISE, MAX_EXPONENT, Equation, Expr, FunctionSymbol, Symbol, lift

__all__ = ["from_sympy", "to_sympy"]


def from_sympy(expression: Any, kinds: Mapping[str, str] | None = None) -> Expr | Equation:
    """Turn a SymPy expression, or an ``Eq`` of two, into a symflow expression or statement.

    Args:
        expression: built from MatrixSymbol, Symbol, exact numbers, sums, products, powers, Transpose, Inverse, Trace,
            Determinant, HadamardProduct, DiagMatrix, DiagonalMatrix, DiagonalOf, Identity, OneMatrix, ZeroMatrix,
            HadamardPower, exp, log, sqrt, sin, cos, tanh and undefined functions, of scalars or entry by entry.
        kinds: kind by symbol name, such as ``{"R": "orthogonal"}``. Without an entry an n x 1 MatrixSymbol is a
            vector, any other a matrix, a Symbol a scalar (positive where SymPy assumes so) unless it is the size of a
            matrix in the expression or has the kind ``dim``.

    Raises:
        UnsupportedError: a node of another type, named in the message.
        KindError: an inexact number, or a kind that does not fit the symbol.

    >>> from sympy import MatrixSymbol, Symbol as S
    >>> n = S("n")
    >>> A, x = MatrixSymbol("A", n, n), MatrixSymbol("x", n, 1)
    >>> from_sympy((A.T + 2 * A.inverse()) * x, {"A": "invertible"})
    (2*inv(A) + A.T)@x
    """
    import sympy

    if not isinstance(expression, sympy.Basic):
        raise UnsupportedError(f"{expression!r} is no SymPy expression")
    matrices = (node for node in sympy.preorder_traversal(expression) if getattr(node, "is_Matrix", False))
    sizes = {size for matrix in matrices for size in matrix.shape if getattr(size, "is_Symbol", False)}
    reader = _Reader(dict(kinds or {}), {size.name for size in sizes})
    if isinstance(expression, sympy.Eq):
        return Equation(reader.read(expression.lhs), reader.read(expression.rhs))
    return reader.read(expression)


class _Reader:
    def __init__(self, kinds: dict[str, str], dimensions: set[str]) -> None:
        self.kinds = kinds
        self.dimensions = dimensions | {name for name, kind in kinds.items() if kind == "dim"}
        self.symbols: dict[str, Symbol] = {}
        self.known: dict[Any, Expr] = {}

    def read(self, node: Any) -> Expr:
        if node not in self.known:
            self.known[node] = self._read(node)
        return self.known[node]

    def _read(self, node: Any) -> Expr:
        for kind in type(node).__mro__:
            method: Callable[[Any], Expr] | None = getattr(self, f"_{kind.__name__}", None)
            if method is not None:
                return method(node)
        raise _unsupported(node)

    def _args(self, node: Any) -> list[Expr]:
        return [self.read(argument) for argument in node.args]

    # symbols and constants

    def _declare(self, name: str, default: str, dims: tuple[Dim, ...]) -> Symbol:
        kind = self.kinds.get(name, default)
        if len(set(dims)) == 1 and kind not in ("matrix", "vector"):
            dims = dims[:1]
        symbol = Symbol(name, kind, dims)
        if self.symbols.setdefault(name, symbol) != symbol:
            raise KindError(f"two different symbols are called {name}; rename one")
        return symbol

    def _Symbol(self, node: Any) -> Expr:
        if node.name in self.dimensions:  # as a value: SymPy writes n for the trace of the identity
            return language.tr(language.eye(node.name))
        default = "positive_scalar" if node.is_positive else "scalar"
        return language.variable(self._declare(node.name, default, ()))

    def _MatrixSymbol(self, node: Any) -> Expr:
        shape = _shape(node)
        default, dims = ("vector", shape[:1]) if shape[1] == 1 else ("matrix", shape)
        return language.variable(self._declare(node.name, default, dims))

    def _Rational(self, node: Any) -> Expr:
        return lift(Fraction(int(node.p), int(node.q)))

    def _Float(self, node: Any) -> Expr:
        raise KindError(f"{node} is a float; exact numbers only, such as Rational(1, 2)")

    def _Identity(self, node: Any) -> Expr:
        return language.eye(_shape(node)[0])

    def _ZeroMatrix(self, node: Any) -> Expr:
        return language.zeros(*_shape(node))

    def _OneMatrix(self, node: Any) -> Expr:
        return language.ones(*_shape(node))

    # sums and products

    def _Add(self, node: Any) -> Expr:
        # SymPy orders terms by its own lights; a negative one reads better after another
        return reduce(_plus, sorted(self._args(node), key=lambda term: term.op == "neg"))

    _MatAdd = _Add

    def _Mul(self, node: Any) -> Expr:
        return reduce(_times, self._args(node))

    _MatMul = _Mul

    def _HadamardProduct(self, node: Any) -> Expr:
        return reduce(language.hadamard, self._args(node))

    def _HadamardPower(self, node: Any) -> Expr:
        base, exponent = node.args
        if not exponent.is_Integer or not 1 <= exponent <= MAX_EXPONENT:
            raise _unsupported(node)
        return reduce(language.hadamard, [self.read(base)] * int(exponent))

    def _Pow(self, node: Any) -> Expr:
        base, exponent = node.args
        if exponent.is_Integer:
            return lift(1) / self.read(base) if exponent == -1 else self.read(base) ** int(exponent)
        if exponent.is_Rational and exponent.q == 2:
            root = language.sqrt(self.read(base))
            return lift(1) / root if exponent.p == -1 else root if exponent.p == 1 else root ** int(exponent.p)
        raise _unsupported(node)

    def _MatPow(self, node: Any) -> Expr:
        base, exponent = node.args
        if not exponent.is_Integer:
            raise _unsupported(node)
        return self.read(base) ** int(exponent)

    def _Inverse(self, node: Any) -> Expr:
        return language.inv(self.read(node.arg))

    def _Transpose(self, node: Any) -> Expr:
        return self.read(node.arg).T

    # scalars of matrices, and diagonals

    def _Trace(self, node: Any) -> Expr:
        inner = self.read(node.arg)
        return inner if inner.shape == SCALAR else language.tr(inner)

    def _Determinant(self, node: Any) -> Expr:
        return language.det(self.read(node.arg))

    def _MatrixElement(self, node: Any) -> Expr:
        if _shape(node.parent) != SCALAR:
            raise _unsupported(node)
        return self.read(node.parent)

    def _DiagMatrix(self, node: Any) -> Expr:
        return language.diag(self.read(node.args[0]))

    def _DiagonalMatrix(self, node: Any) -> Expr:
        return language.diag(self._DiagonalOf(node))

    def _DiagonalOf(self, node: Any) -> Expr:
        return language.diagpart(self.read(node.args[0]))

    # functions

    def _exp(self, node: Any) -> Expr:  # and log, sin, cos, tanh, which bear the same name on both sides
        make: Callable[[Expr], Expr] = getattr(language, type(node).__name__)
        return make(self.read(node.args[0]))

    _sin = _cos = _tanh = _exp

    def _log(self, node: Any) -> Expr:
        from sympy import Abs, Determinant

        (inner,) = node.args
        if not isinstance(inner, Abs):
            return self._exp(node)
        inside = inner.args[0]
        return language.logdet(self.read(inside.arg if isinstance(inside, Determinant) else inside))

    def _Max(self, node: Any) -> Expr:
        others = [argument for argument in node.args if argument != 0]
        if len(others) != 1 or len(node.args) != 2:
            raise _unsupported(node)
        return language.relu(self.read(others[0]))

    def _Heaviside(self, node: Any) -> Expr:
        if node.args[1] != 0:
            raise UnsupportedError(f"{node}: step is Heaviside(s, 0), the one that is 0 at 0")
        return language.step(self.read(node.args[0]))

    def _AppliedUndef(self, node: Any) -> Expr:
        if len(node.args) != 1:
            raise _unsupported(node)
        return FunctionSymbol(self._declare(node.func.__name__, "function", ()))(self.read(node.args[0]))

    def _ElementwiseApplyFunction(self, node: Any) -> Expr:
        from sympy import Dummy

        entry = Dummy("entry", real=True)
        inner = self.read(node.expr)
        value = node.function(entry)
        marker = language.variable(Symbol("entry", "scalar"))
        self.known[entry] = marker
        applied, varies = bottom_up(self.read(value), lambda part, below: _spread(part, below, marker, inner))
        if not varies:
            raise _unsupported(node)
        return applied


def _spread(part: Expr, below: list[tuple[Expr, bool]], marker: Expr, matrix: Expr) -> tuple[Expr, bool]:
    """A function of one entry as the function of a matrix, and whether it depends on the entry at all.

    Compositions and multiples of entrywise functions can be told by entry; sums with constants cannot.
    """
    if part.same(marker):
        return matrix, True
    varying = [varies for _, varies in below]
    if not any(varying):
        return part, False
    args = tuple(e for e, _ in below)
    if part.op in (*ENTRYWISE, "apply", "neg") or (part.op == "mul" and sum(varying) == 1):
        return Expr(part.op, args, part.data, matrix.shape), True
    if part.op == "div" and varying == [True, False]:
        return args[0] / args[1], True
    raise UnsupportedError(
        f"{part!r} by entry: compositions and multiples of {', '.join(ENTRYWISE)} and function symbols"
    )


def _unsupported(node: Any) -> UnsupportedError:
    return UnsupportedError(f"SymPy's {type(node).__name__} has no counterpart in symflow: {node}")


def _shape(node: Any) -> Shape:
    rows, cols = node.shape
    return (_dim(rows, node), _dim(cols, node))


def _dim(size: Any, node: Any) -> Dim:
    if size.is_Integer:
        return int(size)
    if size.is_Symbol:
        return str(size.name)
    raise UnsupportedError(f"the size {size} of {node}: a dimension is a symbol or an integer")


def _plus(left: Expr, right: Expr) -> Expr:
    return left - right.args[0] if right.op == "neg" else left + right


def _times(left: Expr, right: Expr) -> Expr:
    if left.op == "number" and left.data == -1:
        return -right
    for first, second in ((left, right), (right, left)):
        if second.op == "div" and second.args[0].op == "number" and second.args[0].data == 1:
            return first / second.args[1]
    return left * right if SCALAR in (left.shape, right.shape) else left @ right
