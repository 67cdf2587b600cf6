"""Trees as SymPy expressions: scalars as scalars, everything else as matrix expressions of symbolic size."""

# ruff: noqa: ARG005  # a table calls every rule with the same arguments

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from symflow.errors import UnsupportedError
from symflow.expr.shapes import SCALAR
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import ENTRYWISE, Equation, Expr


def to_sympy(expr: Expr | Equation) -> Any:
    """Give back an expression as SymPy scalars and matrix expressions, a statement as an ``Eq``.

    Kinds do not cross: an orthogonal symbol becomes a MatrixSymbol, so give ``kinds`` again on the way back.

    Raises:
        UnsupportedError: derivatives, data sums and families, and derivatives of function symbols.

    >>> from symflow.expr.language import sqnorm, variable
    >>> from symflow.expr.tree import Symbol
    >>> A, x = variable(Symbol("A", "matrix", ("n",))), variable(Symbol("x", "vector", ("n",)))
    >>> to_sympy(sqnorm(A @ x))
    Trace(x.T*A.T*A*x)
    """
    import sympy

    if isinstance(expr, Equation):
        return sympy.Eq(to_sympy(expr.lhs), to_sympy(expr.rhs), evaluate=False)
    return bottom_up(expr, _write)


def _write(node: Expr, below: list[Any]) -> Any:
    rule = _WRITERS.get(node.op)
    if rule is None:
        raise UnsupportedError(f"{node.op} has no counterpart among SymPy's matrix expressions")
    written = rule(node, *below)
    if getattr(written, "is_Matrix", False) and list(written.shape) != _sizes(node):
        raise UnsupportedError(f"SymPy gives {node!r} the shape {written.shape}, which is a mistake of SymPy's")
    return written


def _symbol(node: Expr) -> Any:
    import sympy

    symbol, index = node.data
    if index is not None:
        raise UnsupportedError(f"{symbol.name}[{index}]: data families have no counterpart in SymPy")
    if symbol.shape == SCALAR:
        return sympy.Symbol(symbol.name, positive=True if symbol.kind == "positive_scalar" else None)
    return sympy.MatrixSymbol(symbol.name, *_sizes(node))


def _sizes(node: Expr) -> list[Any]:
    import sympy

    return [sympy.Integer(d) if isinstance(d, int) else sympy.Symbol(d) for d in node.shape]


def _constant(node: Expr) -> Any:
    import sympy

    if node.shape == SCALAR:
        return sympy.Integer(0 if node.op == "zeros" else 1)
    if node.op == "eye":
        return sympy.Identity(_sizes(node)[0])
    return (sympy.ZeroMatrix if node.op == "zeros" else sympy.OneMatrix)(*_sizes(node))


def _number(node: Expr) -> Any:
    import sympy

    return sympy.Rational(node.data.numerator, node.data.denominator)


def _matmul(node: Expr, a: Any, b: Any) -> Any:
    import sympy

    if SCALAR in (node.args[0].shape, node.args[1].shape):
        return a * b
    # SymPy refuses to add a 1 x 1 matrix to a scalar; the trace is the scalar in it
    return sympy.Trace(a * b) if node.shape == SCALAR else a * b


def _turned(x: Any) -> Any:
    return x.T if getattr(x, "is_Matrix", False) else x


def _inner(node: Expr, x: Any, y: Any = None) -> Any:
    import sympy

    second = x if y is None else y
    return x * second if node.args[0].shape == SCALAR else sympy.Trace(x.T * second)


def _of_matrix(name: str) -> Callable[[Expr, Any], Any]:
    """A SymPy class of matrices that is the identity on scalars."""

    def write(node: Expr, x: Any) -> Any:
        import sympy
        from sympy.matrices.expressions.diagonal import DiagMatrix

        if name == "DiagMatrix" and isinstance(x, sympy.ZeroMatrix):
            return sympy.ZeroMatrix(*_sizes(node))  # DiagMatrix of a zero column would later lose its shape
        make = DiagMatrix if name == "DiagMatrix" else getattr(sympy, name)
        return x if node.args[0].shape == SCALAR else make(x)

    return write


def _logdet(node: Expr, x: Any) -> Any:
    import sympy

    return sympy.log(sympy.Abs(x if node.args[0].shape == SCALAR else sympy.Determinant(x)))


def _hadamard(node: Expr, x: Any, y: Any) -> Any:
    import sympy

    return x * y if node.shape == SCALAR else sympy.HadamardProduct(x, y)


def _entrywise(node: Expr, x: Any) -> Any:
    import sympy
    from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

    def function(s: Any) -> Any:
        if node.op == "apply":
            return sympy.Function(node.data[0].name)(s)
        if node.op == "relu":
            return sympy.Max(0, s)
        return sympy.Heaviside(s, 0) if node.op == "step" else getattr(sympy, node.op)(s)

    if node.op == "apply" and node.data[1]:
        raise UnsupportedError(f"{node!r}: derivatives of function symbols have no counterpart by entry in SymPy")
    if node.shape == SCALAR:
        return function(x)
    entry = sympy.Dummy("entry", real=True)
    return ElementwiseApplyFunction(sympy.Lambda(entry, function(entry)), x)


_WRITERS: dict[str, Callable[..., Any]] = {
    "symbol": _symbol, "number": _number, "eye": _constant, "zeros": _constant, "ones": _constant,
    "add": lambda node, *terms: reduce(lambda a, b: a + b, terms), "neg": lambda node, x: -x,
    "transpose": lambda node, x: _turned(x), "mul": lambda node, x, y: x * y, "matmul": _matmul,
    "div": lambda node, x, s: x / s, "pow": lambda node, x: x**node.data, "inv": lambda node, x: x**-1,
    "tr": _of_matrix("Trace"), "det": _of_matrix("Determinant"), "logdet": _logdet, "sqnorm": _inner, "dot": _inner,
    "comm": lambda node, a, b: a * b - b * a, "sym": lambda node, a: (a + _turned(a)) / 2,
    "skew": lambda node, a: (a - _turned(a)) / 2, "hadamard": _hadamard, "diag": _of_matrix("DiagMatrix"),
    "diagpart": _of_matrix("DiagonalOf"), "outer": lambda node, u, v: u * _turned(v), "apply": _entrywise,
    **dict.fromkeys(ENTRYWISE, _entrywise),
}  # fmt: skip
