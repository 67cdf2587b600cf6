"""Rewrites that keep the value of an expression, applied at random places: statements that are true by construction.

Each is an identity of linear algebra or of calculus, taken from a textbook and not from the prover. Relations of kinds
(R^T R = 1, H H = H, …) are inserted only outside derivatives: under a derivative by R, R^T R is not 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from hypothesis import strategies as st

from symflow.expr import language as l
from symflow.expr.shapes import SCALAR
from symflow.expr.tree import DERIVATIVES, Expr, lift
from tests.mutation.mutants import rebuild
from tests.property.trees import SYMBOLS

Rewrite = Callable[[Expr], Iterator[Expr]]


@st.composite
def rewritten(draw: st.DrawFn, e: Expr, most: int = 4) -> Expr:
    """The expression after one to ``most`` true rewrites."""
    for _ in range(draw(st.integers(1, most))):
        choices = list(_everywhere(e, inside=False))
        if not choices:
            break
        e = draw(st.sampled_from(choices))
    return e


def _everywhere(e: Expr, inside: bool) -> Iterator[Expr]:
    rules = ALWAYS if inside else (*ALWAYS, *OF_KINDS)
    for rule in rules:
        yield from rule(e)
    if e.size > 200:
        return
    below = inside or e.op in DERIVATIVES
    for k, argument in enumerate(e.args):
        if e.op in DERIVATIVES and k % 2 == 1:
            continue  # what is differentiated by stays a symbol
        for new in _everywhere(argument, below):
            yield rebuild(e, (*e.args[:k], new, *e.args[k + 1 :]))


def sums(e: Expr) -> Iterator[Expr]:
    """Order, brackets, signs and multiples."""
    if e.op == "add":
        yield _added(reversed(e.args))
        yield e.args[0] + _added(e.args[1:]) if len(e.args) > 2 else -(-e.args[0] - e.args[1])
    if e.op == "neg":
        yield e.args[0] * -1
    yield 3 * e - 2 * e
    yield e * Fraction(1, 2) + e / 2


def _added(terms) -> Expr:
    first, *rest = terms
    for term in rest:
        first = first + term
    return first


def products(e: Expr) -> Iterator[Expr]:
    """Brackets, distribution, transposes and scalars of a matrix product."""
    if e.op != "matmul":
        return
    a, b = e.args
    yield (b.T @ a.T).T
    if a.op == "add":
        yield _added(t @ b for t in a.args)
    if b.op == "add":
        yield _added(a @ t for t in b.args)
    if a.op == "matmul":
        yield a.args[0] @ (a.args[1] @ b)
    if b.op == "matmul":
        yield (a @ b.args[0]) @ b.args[1]
    for factor, other, left in ((a, b, True), (b, a, False)):
        if factor.op == "mul" and factor.args[0].shape == SCALAR:
            yield factor.args[0] * (factor.args[1] @ other if left else other @ factor.args[1])
    if e.shape == SCALAR:
        yield l.tr(b @ a)
        yield l.dot(a.T, b)


def scalars(e: Expr) -> Iterator[Expr]:
    """Scalar factors commute; quotients; powers."""
    if e.op == "mul":
        yield e.args[1] * e.args[0]
        for k, side in enumerate(e.args):
            if side.op == "add":
                yield _added(t * e.args[1] if k == 0 else e.args[0] * t for t in side.args)
    if e.op == "div":
        yield (1 / e.args[1]) * e.args[0]
    if e.op == "pow" and e.data >= 1:
        x = e.args[0]
        yield (x if e.data == 1 else x ** (e.data - 1) @ x) if e.shape != SCALAR else x ** (e.data - 1) * x
    if e.shape == SCALAR:
        yield e.T
        yield l.tr(e)


def transposes(e: Expr) -> Iterator[Expr]:
    """Transposes of sums, products and transposes."""
    yield e.T.T
    if e.op == "transpose":
        x = e.args[0]
        if x.op == "transpose":
            yield x.args[0]
        if x.op == "add":
            yield _added(t.T for t in x.args)
        if x.op == "matmul":
            yield x.args[1].T @ x.args[0].T
        if x.op == "hadamard":
            yield l.hadamard(x.args[0].T, x.args[1].T)
        if x.op == "outer":
            yield l.outer(x.args[1], x.args[0])


def definitions(e: Expr) -> Iterator[Expr]:
    """Functions of the language, spelled out."""
    a = e.args
    match e.op:
        case "sqnorm":
            yield l.tr(a[0].T @ a[0])
            yield l.dot(a[0], a[0])
        case "dot":
            yield l.tr(a[0].T @ a[1])
            yield l.dot(a[1], a[0])
        case "tr":
            yield l.tr(a[0].T)
            if a[0].op == "matmul":
                yield l.tr(a[0].args[1] @ a[0].args[0])
            if a[0].op == "add":
                yield _added(l.tr(t) for t in a[0].args)
        case "comm":
            yield a[0] @ a[1] - a[1] @ a[0]
            yield -l.comm(a[1], a[0])
        case "sym":
            yield (a[0] + a[0].T) / 2
        case "skew":
            yield (a[0] - a[0].T) / 2
        case "outer":
            yield a[0] @ a[1].T
        case "hadamard":
            yield l.hadamard(a[1], a[0])
            if a[0].shape[1] == 1:
                yield l.diag(a[0]) @ a[1]
        case "diag":
            yield l.hadamard(l.eye(e.shape[0]), a[0] @ l.ones(1, e.shape[0]))
        case "diagpart":
            yield l.diagpart(a[0].T)
            yield l.hadamard(a[0], l.eye(a[0].shape[0])) @ l.ones(e.shape[0])
        case "zeros":
            yield l.ones(*e.shape) - l.ones(*e.shape)
        case "ones":
            yield l.ones(e.shape[0]) @ l.ones(1, e.shape[1])


def functions(e: Expr) -> Iterator[Expr]:
    """Addition theorems, parity, and the three rules of relu and step."""
    a = e.args[0] if e.args else e
    split = a.op == "add" and len(a.args) == 2
    match e.op:
        case "exp" if split:
            yield l.hadamard(l.exp(a.args[0]), l.exp(a.args[1]))
        case "sin" if split:
            p, q = a.args
            yield l.hadamard(l.sin(p), l.cos(q)) + l.hadamard(l.cos(p), l.sin(q))
        case "cos":
            yield l.cos(-a)
        case "sin":
            yield -l.sin(-a)
        case "tanh":
            yield -l.tanh(-a)
        case "relu":
            yield l.hadamard(l.step(a), a)
            yield l.relu(2 * a) / 2
        case "step":
            yield l.hadamard(e, e)
            yield l.step(3 * a)
        case "det":
            yield l.det(a.T)
            if a.op == "matmul" and a.args[0].shape == a.shape:
                yield l.det(a.args[0]) * l.det(a.args[1])
        case "logdet":
            yield l.logdet(a.T)
        case "inv":
            yield l.inv(a.T).T
            yield 2 * l.inv(2 * a)
            if a.op == "matmul" and a.args[0].shape == a.shape:
                yield l.inv(a.args[1]) @ l.inv(a.args[0])


def data_sums(e: Expr) -> Iterator[Expr]:
    """Linearity of the data sum."""
    if e.op != "datasum":
        return
    body, i = e.args[0], e.data
    if body.op == "add":
        yield _added(l.datasum(t, i) for t in body.args)
    if body.op == "transpose":
        yield l.datasum(body.args[0], i).T
    if body.op == "matmul" and i not in body.args[0].free:
        yield body.args[0] @ l.datasum(body.args[1], i)
    if body.op == "matmul" and i not in body.args[1].free:
        yield l.datasum(body.args[0], i) @ body.args[1]
    if i not in body.free:
        yield l.datasum(lift(1), i) * body


def derivatives(e: Expr) -> Iterator[Expr]:
    """Linearity, the product rule, and one derivative by another."""
    if e.op in ("grad", "liegrad", "jac"):
        make, (f, X) = getattr(l, e.op), e.args
        if f.op == "add":
            yield _added(make(t, X) for t in f.args)
        if f.op == "mul" and f.shape == SCALAR and e.op != "jac":
            p, q = f.args
            yield p * make(q, X) + q * make(p, X)
    if e.op == "diff":
        f, X, E = e.args
        if f.op == "add":
            yield _added(l.diff(t, X, E) for t in f.args)
        if f.op == "matmul":
            p, q = f.args
            yield l.diff(p, X, E) @ q + p @ l.diff(q, X, E)
        if f.op == "transpose":
            yield l.diff(f.args[0], X, E).T
        if f.op in ("sin", "exp"):
            outer = l.cos(f.args[0]) if f.op == "sin" else f
            yield l.hadamard(outer, l.diff(f.args[0], X, E))
    if e.op == "along" and len(e.args) == 3 and not e.args[1].data[0].family:
        yield l.diff(*e.args)
    if e.op == "along" and e.args[0].op == "matmul":
        p, q = e.args[0].args
        yield rebuild(e, (p, *e.args[1:])) @ q + p @ rebuild(e, (q, *e.args[1:])) if _fits(e, p, q) else e.T.T


def _fits(e: Expr, p: Expr, q: Expr) -> bool:
    """``rebuild`` keeps the shape of the node, so both factors must have it."""
    return p.shape == q.shape == e.shape


def relations_of_kinds(e: Expr) -> Iterator[Expr]:
    """What the kinds promise, inserted where it changes nothing."""
    rows = e.shape[0]
    if e.op == "symbol":
        kind = e.data[0].kind
        if kind in ("mask", "projector", "idempotent"):
            yield e @ e
        if kind in ("symmetric", "diagonal", "mask", "projector", "positive_definite", "positive_diagonal"):
            yield e.T
        if kind == "antisymmetric":
            yield -e.T
    if rows not in ("n", "m"):
        return
    R, W, S = (l.variable(SYMBOLS[f"{k}_{rows}"]) for k in ("orthogonal", "invertible", "positive_definite"))
    H, D = (l.variable(SYMBOLS[f"{k}_{rows}"]) for k in ("mask", "diagonal"))
    yield R.T @ R @ e
    yield l.inv(W) @ (W @ e)
    yield S @ l.inv(S) @ e
    yield H @ D @ e + (D - D @ H) @ e + (l.eye(rows) - D) @ e


ALWAYS: tuple[Rewrite, ...] = (
    sums, products, scalars, transposes, definitions, functions, data_sums, derivatives,
)  # fmt: skip
OF_KINDS: tuple[Rewrite, ...] = (relations_of_kinds,)
