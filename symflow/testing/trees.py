"""Hypothesis strategies for well-shaped syntax trees that use every operation and every symbol kind.

For programs that read or transform expressions: whatever they do must hold for any tree.

``expressions(shape)`` draws a tree of that shape, ``equations()`` a statement. Symbols come from one fixed scope,
:data:`SYMBOLS`, so that any two drawn trees agree about what a name means; families use the data index ``i``
(``along`` needs the declared one) or ``j``.
"""
# ruff: noqa: ARG001, ARG005 (the functions of a table have one signature)

from __future__ import annotations

from collections.abc import Callable, Iterable

from hypothesis import strategies as st

from symflow.expr import language
from symflow.expr.kinds import KINDS
from symflow.expr.shapes import SCALAR, Dim, Shape
from symflow.expr.tree import DERIVATIVES, ENTRYWISE, OPS, Equation, Expr, FunctionSymbol, Symbol, lift

DIMENSIONS: tuple[Dim, ...] = ("n", "m")
SHAPES: tuple[Shape, ...] = (SCALAR, *((r, c) for r in ("n", "m", 1) for c in ("n", "m", 1) if (r, c) != SCALAR))
INDICES = ("i", "j")
DERIVATIVE_FREE = frozenset(OPS) - set(DERIVATIVES)


def _scope() -> dict[str, Symbol]:
    found = [Symbol(name, "scalar") for name in ("s", "t")]
    found += [Symbol("pos", "positive_scalar"), Symbol("z", "scalar", (), True), Symbol("L", "matrix", (1, "n"))]
    found += [Symbol("f", "function"), Symbol("g", "function")]
    for n in DIMENSIONS:
        found += [Symbol(f"{name}_{n}", "vector", (n,)) for name in ("u", "v")]
        found += [Symbol(f"x_{n}", "vector", (n,), True), Symbol(f"M_{n}", "mask", (n,), True)]
        found += [Symbol(f"A_{n}", "matrix", (n,)), Symbol(f"X_{n}", "matrix", (n,), True)]
        square = [kind for kind in KINDS.values() if kind.square]
        found += [Symbol(f"{kind.name}_{n}", kind.name, (n,)) for kind in square]
    found += [Symbol("B_nm", "matrix", ("n", "m")), Symbol("C_mn", "matrix", ("m", "n"))]
    return {symbol.name: symbol for symbol in found}


SYMBOLS = _scope()
_FUNCTIONS = tuple(symbol for symbol in SYMBOLS.values() if symbol.kind == "function")


def leaves(shape: Shape, bound: tuple[str, ...] = (), ops: Iterable[str] = OPS) -> st.SearchStrategy[Expr]:
    """Symbols, numbers and constants of a shape; families only of bound data indices."""
    symbols = [s for s in SYMBOLS.values() if s.shape == shape and s.kind != "function"]
    choices = [language.variable(s) for s in symbols if not s.family]
    choices += [language.variable(s, index) for s in symbols if s.family for index in bound]
    rows, cols = shape
    if rows == cols and "eye" in ops:
        choices.append(language.eye(rows))
    choices += [getattr(language, name)(rows, cols) for name in ("zeros", "ones") if name in ops]
    if not choices:  # rows have no symbols of their own
        choices = [language.variable(s).T for s in SYMBOLS.values() if s.shape == (cols, rows) and not s.family]
    strategy: st.SearchStrategy[Expr] = st.sampled_from(choices)
    if shape == SCALAR and "number" in ops:
        numbers = st.fractions(min_value=-3, max_value=3, max_denominator=4).map(lift)
        return st.one_of(strategy, numbers)
    return strategy


def expressions(
    shape: Shape = SCALAR, *, depth: int = 4, bound: tuple[str, ...] = (), ops: Iterable[str] = OPS
) -> st.SearchStrategy[Expr]:
    """Trees of a shape, at most ``depth`` operations deep, built from the operations ``ops``.

    ``bound`` are the data indices that may occur free.
    """
    return _expressions(shape, depth, bound, frozenset(ops))


@st.composite
def _expressions(draw: st.DrawFn, shape: Shape, depth: int, bound: tuple[str, ...], ops: frozenset[str]) -> Expr:
    possible = [op for op in _BUILDERS if op in ops and _ADMITS[op](shape)]
    op = draw(st.sampled_from(["leaf", *possible])) if depth else "leaf"
    if op == "leaf":
        return draw(leaves(shape, bound, ops))

    def sub(wanted: Shape, extra: str | None = None) -> Expr:
        inside = bound if extra is None or extra in bound else (*bound, extra)
        return draw(_expressions(wanted, depth - 1, inside, ops))

    return _BUILDERS[op](draw, op, shape, sub)


@st.composite
def equations(draw: st.DrawFn, *, depth: int = 3, ops: Iterable[str] = OPS) -> Equation:
    """Statements between two trees of one shape; most are false."""
    shape = draw(st.sampled_from(SHAPES))
    return Equation(draw(expressions(shape, depth=depth, ops=ops)), draw(expressions(shape, depth=depth, ops=ops)))


Sub = Callable[..., Expr]
Builder = Callable[[st.DrawFn, str, Shape, Sub], Expr]


def _dim(draw: st.DrawFn) -> Dim:
    return draw(st.sampled_from(DIMENSIONS))


def _add(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return sub(shape) + sub(shape) if draw(st.booleans()) else sub(shape) - sub(shape)


def _mul(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return sub(SCALAR) * sub(shape) if draw(st.booleans()) else sub(shape) * sub(SCALAR)


def _matmul(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    inner: Dim = draw(st.sampled_from((*DIMENSIONS, 1)))
    return sub((shape[0], inner)) @ sub((inner, shape[1]))


def _div(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    divisor = sub(SCALAR)
    return sub(shape) / (lift(2) if _is_literal_zero(divisor) else divisor)


def _is_literal_zero(e: Expr) -> bool:
    """What the parser of the claims language refuses as a divisor."""
    while e.op in ("neg", "div"):
        e = e.args[0]
    return e.op == "number" and e.data == 0


def _pow(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return sub(shape) ** draw(st.integers(-2, 3))


def _same_shape(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return getattr(language, op)(sub(shape))  # type: ignore[no-any-return]


def _two_alike(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return getattr(language, op)(sub(shape), sub(shape))  # type: ignore[no-any-return]


def _of_square(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    n = _dim(draw)
    return getattr(language, op)(sub((n, n)))  # type: ignore[no-any-return]


def _sqnorm(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return language.sqnorm(sub(draw(st.sampled_from(SHAPES))))


def _dot(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    inner = draw(st.sampled_from(SHAPES))
    return language.dot(sub(inner), sub(inner))


def _apply(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return FunctionSymbol(draw(st.sampled_from(_FUNCTIONS)), draw(st.integers(0, 2)))(sub(shape))


def _datasum(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    index = draw(st.sampled_from(INDICES))
    return language.datasum(sub(shape, index), index)


def _variables(shape: Shape | None = None, kinds: Iterable[str] = KINDS) -> list[Expr]:
    """Symbols without data index that one may differentiate by."""
    return [
        language.variable(s)
        for s in SYMBOLS.values()
        if s.kind in kinds and s.kind != "function" and not s.family and shape in (None, s.shape)
    ]


def _grad(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return language.grad(sub(SCALAR), draw(st.sampled_from(_variables(shape))))


def _liegrad(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return language.liegrad(sub(SCALAR), draw(st.sampled_from(_variables(shape, ["orthogonal"]))))


def _jac(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return language.jac(sub((shape[0], 1)), draw(st.sampled_from(_variables((shape[1], 1)))))


def _diff(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    X = draw(st.sampled_from(_variables()))
    return language.diff(sub(shape), X, sub(X.shape))


def _along(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    moving = draw(st.lists(st.sampled_from(_variables()), min_size=1, max_size=2, unique_by=lambda X: X.data[0].name))
    velocities = {X: sub(X.shape) for X in moving}
    if draw(st.booleans()):
        x = language.variable(SYMBOLS["x_n"], "i")
        velocities[x] = sub(x.shape, "i")
    return language.along(sub(shape), velocities)


def _outer(draw: st.DrawFn, op: str, shape: Shape, sub: Sub) -> Expr:
    return language.outer(sub((shape[0], 1)), sub((shape[1], 1)))


_BUILDERS: dict[str, Builder] = {
    "add": _add,
    "neg": lambda draw, op, shape, sub: -sub(shape),
    "transpose": lambda draw, op, shape, sub: sub((shape[1], shape[0])).T,
    "mul": _mul,
    "matmul": _matmul,
    "div": _div,
    "pow": _pow,
    **dict.fromkeys(("inv", "sym", "skew", *ENTRYWISE), _same_shape),
    **dict.fromkeys(("comm", "hadamard"), _two_alike),
    **dict.fromkeys(("tr", "det", "logdet"), _of_square),
    "sqnorm": _sqnorm,
    "dot": _dot,
    "diag": lambda draw, op, shape, sub: language.diag(sub((shape[0], 1))),
    "diagpart": lambda draw, op, shape, sub: language.diagpart(sub((shape[0], shape[0]))),
    "outer": _outer,
    "apply": _apply,
    "datasum": _datasum,
    "grad": _grad,
    "liegrad": _liegrad,
    "jac": _jac,
    "diff": _diff,
    "along": _along,
}

_ADMITS: dict[str, Callable[[Shape], bool]] = {
    **dict.fromkeys(_BUILDERS, lambda shape: True),
    **dict.fromkeys(("pow", "inv", "sym", "skew", "comm", "diag"), lambda shape: shape[0] == shape[1]),
    **dict.fromkeys(("tr", "det", "logdet", "sqnorm", "dot"), lambda shape: shape == SCALAR),
    "diagpart": lambda shape: shape[1] == 1,
    "grad": lambda shape: bool(_variables(shape)),
    "liegrad": lambda shape: bool(_variables(shape, ["orthogonal"])),
    "jac": lambda shape: bool(_variables((shape[1], 1))),
}
