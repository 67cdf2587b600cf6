"""The functions of the claims language, as Python functions that build trees.

Each checks its arguments' shapes and kinds and returns an :class:`~symflow.expr.tree.Expr`; the table of the
claims format says what each means.
"""

from __future__ import annotations

from collections.abc import Mapping

from symflow.errors import KindError, ShapeError
from symflow.expr.shapes import SCALAR, Dim, Shape, require_same, require_scalar, require_square, require_vector
from symflow.expr.shapes import show_shape as _show
from symflow.expr.tree import Expr, Operand, Symbol, lift


def variable(symbol: Symbol, index: str | None = None) -> Expr:
    """The symbol as an expression; a data family needs its index, ``x[i]``."""
    if symbol.kind == "function":
        raise KindError(f"{symbol.name} is a function: apply it to something, {symbol.name}(v)")
    if symbol.family and index is None:
        raise KindError(f"{symbol.name} is one object per data index: write {symbol.name}[i] inside datasum(…, i)")
    if index is not None and not symbol.family:
        raise KindError(f"{symbol.name} is not a data family: write {symbol.name}, not {symbol.name}[{index}]")
    return Expr("symbol", (), (symbol, index), symbol.shape, frozenset() if index is None else frozenset([index]))


def eye(n: Dim) -> Expr:
    """The identity matrix 1 of size n."""
    return Expr("eye", (), None, (n, n))


def zeros(n: Dim, m: Dim = 1) -> Expr:
    """The zero matrix, n x m."""
    return Expr("zeros", (), None, (n, m))


def ones(n: Dim, m: Dim = 1) -> Expr:
    """The matrix of ones, n x m; a column when m is not given."""
    return Expr("ones", (), None, (n, m))


def _unary(name: str, x: Operand, shape: Shape | None = None) -> Expr:
    e = lift(x)
    return Expr(name, (e,), None, e.shape if shape is None else shape)


def inv(X: Operand) -> Expr:
    """The inverse of a square matrix."""
    require_square("inv", lift(X).shape)
    return _unary("inv", X)


def tr(X: Operand) -> Expr:
    """The trace of a square matrix."""
    require_square("tr", lift(X).shape)
    return _unary("tr", X, SCALAR)


def det(X: Operand) -> Expr:
    """The determinant of a square matrix."""
    require_square("det", lift(X).shape)
    return _unary("det", X, SCALAR)


def logdet(X: Operand) -> Expr:
    """log|det X|."""
    require_square("logdet", lift(X).shape)
    return _unary("logdet", X, SCALAR)


def sqnorm(X: Operand) -> Expr:
    """The sum of squares of the entries."""
    return _unary("sqnorm", X, SCALAR)


def _binary(name: str, x: Operand, y: Operand, shape: Shape) -> Expr:
    return Expr(name, (lift(x), lift(y)), None, shape)


def dot(X: Operand, Y: Operand) -> Expr:
    """The sum of entrywise products."""
    require_same("dot", lift(X).shape, lift(Y).shape)
    return _binary("dot", X, Y, SCALAR)


def comm(A: Operand, B: Operand) -> Expr:
    """The commutator AB - BA."""
    require_square("comm", lift(A).shape)
    return _binary("comm", A, B, require_same("comm", lift(A).shape, lift(B).shape))


def sym(A: Operand) -> Expr:
    """The symmetric part (A + A.T)/2."""
    require_square("sym", lift(A).shape)
    return _unary("sym", A)


def skew(A: Operand) -> Expr:
    """The antisymmetric part (A - A.T)/2."""
    require_square("skew", lift(A).shape)
    return _unary("skew", A)


def hadamard(X: Operand, Y: Operand) -> Expr:
    """The entrywise product."""
    return _binary("hadamard", X, Y, require_same("hadamard", lift(X).shape, lift(Y).shape))


def diag(v: Operand) -> Expr:
    """The diagonal matrix of a vector."""
    n = require_vector("diag", lift(v).shape)
    return _unary("diag", v, (n, n))


def diagpart(X: Operand) -> Expr:
    """The diagonal of a square matrix, as a vector."""
    n = require_square("diagpart", lift(X).shape)
    return _unary("diagpart", X, (n, 1))


def outer(u: Operand, v: Operand | None = None) -> Expr:
    """The outer product u v^T of two columns; ``outer(u)`` is u u^T."""
    first, second = lift(u), lift(u if v is None else v)
    return _binary(
        "outer", first, second, (require_vector("outer", first.shape), require_vector("outer", second.shape))
    )


def exp(x: Operand) -> Expr:
    """The exponential, entry by entry."""
    return _unary("exp", x)


def log(x: Operand) -> Expr:
    """The natural logarithm, entry by entry."""
    return _unary("log", x)


def sqrt(x: Operand) -> Expr:
    """The nonnegative square root, entry by entry."""
    return _unary("sqrt", x)


def sin(x: Operand) -> Expr:
    """The sine, entry by entry."""
    return _unary("sin", x)


def cos(x: Operand) -> Expr:
    """The cosine, entry by entry."""
    return _unary("cos", x)


def tanh(x: Operand) -> Expr:
    """The hyperbolic tangent, entry by entry."""
    return _unary("tanh", x)


def relu(x: Operand) -> Expr:
    """max(u, 0), entry by entry; relu' = step."""
    return _unary("relu", x)


def step(x: Operand) -> Expr:
    """1 for u > 0 and 0 else, entry by entry; step' = 0 off the jump."""
    return _unary("step", x)


def datasum(body: Operand, index: str) -> Expr:
    """The weighted data sum over the index: sum_i w_i e_i with positive weights."""
    e = lift(body)
    return Expr("datasum", (e,), index, e.shape, e.free - {index})


def _differentiable(what: str, X: Expr) -> Symbol:
    if X.op != "symbol":
        raise KindError(f"{what} differentiates with respect to a symbol; {X!r} is an expression")
    symbol: Symbol = X.data[0]
    return symbol


def grad(f: Operand, X: Expr) -> Expr:
    """The gradient of a scalar f: the array G of X's shape with df = dot(G, dX)."""
    require_scalar("grad", lift(f).shape)
    _differentiable("grad", X)
    return Expr("grad", (lift(f), X), None, X.shape)


def liegrad(f: Operand, R: Expr) -> Expr:
    """The antisymmetric W with d/dt f(exp(tA) R) at 0 equal to dot(W, A) for all antisymmetric A."""
    require_scalar("liegrad", lift(f).shape)
    if _differentiable("liegrad", R).kind != "orthogonal":
        raise KindError(f"liegrad needs an orthogonal symbol; {R!r} is {R.data[0].kind}")
    return Expr("liegrad", (lift(f), R), None, R.shape)


def jac(f: Operand, x: Expr) -> Expr:
    """The Jacobian of a vector f by a vector x: entries df_a/dx_b."""
    rows = require_vector("jac", lift(f).shape)
    _differentiable("jac", x)
    return Expr("jac", (lift(f), x), None, (rows, require_vector("jac", x.shape)))


def diff(f: Operand, X: Expr, E: Operand) -> Expr:
    """The derivative of f at X in direction E."""
    _differentiable("diff", X)
    require_same("the direction of diff", X.shape, lift(E).shape)
    return Expr("diff", (lift(f), X, lift(E)), None, lift(f).shape)


def along(f: Operand, velocities: Mapping[Expr, Operand] | None = None, **named: Operand) -> Expr:
    """The time derivative of f when each symbol moves with its velocity, all else constant.

    Velocities by symbol, ``along(f, {X: e})``, or by the name of a symbol that occurs in f, ``along(f, X=e)``.
    """
    moves = [*(velocities or {}).items(), *((_symbol_in(lift(f), name), e) for name, e in named.items())]
    if not moves:
        raise KindError("along needs at least one velocity, along(f, X=e)")
    pairs: list[Expr] = []
    seen: set[str] = set()
    for X, velocity in moves:
        name = _differentiable("along", X).name
        if name in seen:
            raise KindError(f"along gives two velocities for {name}")
        seen.add(name)
        e = lift(velocity)
        if e.shape != X.shape:
            raise ShapeError(f"along: {name} is {_show(X.shape)}, its velocity {_show(e.shape)}")
        pairs += [X, e]
    body = lift(f)
    return _bind_velocities(body, pairs)


def _symbol_in(f: Expr, name: str) -> Expr:
    """The symbol of that name in an expression."""
    for node in f.walk():
        if node.op == "symbol" and node.data[0].name == name:
            return node
    raise KindError(f"along: {name} does not occur in the expression; give its velocity by symbol, along(f, {{X: e}})")


def _bind_velocities(body: Expr, pairs: list[Expr]) -> Expr:
    """A family's own data index is bound by ``along``: x[i] moves with e(i), for every i at once."""
    free = set(body.free)
    for X, velocity in zip(pairs[::2], pairs[1::2], strict=True):
        free |= velocity.free - {X.data[1]}
    return Expr("along", (body, *pairs), None, body.shape, frozenset(free))
