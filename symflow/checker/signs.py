"""Which expressions are seen from their form never to be negative: the part of an inequality that is not an identity.

An inequality is established by an identity, excess = P, with a certificate of its own, and by the judgement made here
that P >= 0. The judgement reads the tree and nothing else: squares, exponentials, positive symbols, quadratic forms
of semidefinite matrices, and sums, products and weighted sums over the data of such. What is not covered by a rule is
not nonnegative as far as this module knows; the author then writes P in another way.

Rules (u a vector, A a matrix; "array" is entry by entry):

- array >= 0: numbers >= 0, positive symbols, masks, ones, exp, sqrt, relu, step, even powers, sqnorm, data sums,
  sums, products, quotients and entrywise products of such; hadamard(X, X);
- semidefinite (symmetric, u.T @ X @ u >= 0): masks, projectors and 1 minus one of them, positive definite and
  positive diagonal symbols, ones(n, n), A.T @ A, A.T @ X @ A, sums, nonnegative multiples, entrywise products,
  inverses and powers of such, diag of a nonnegative vector;
- numbers from matrices: trace of a semidefinite matrix or of a product of two, det of one, dot of two of them.
"""

from __future__ import annotations

from collections.abc import Callable

from symflow.checker.certificates import Certificate
from symflow.checker.replay import check
from symflow.errors import CertificateError
from symflow.expr.order import Inequality
from symflow.expr.shapes import SCALAR
from symflow.expr.tree import DERIVATIVES, Equation, Expr

POSITIVE_KINDS = ("positive_scalar",)
DEFINITE_KINDS = ("positive_definite", "positive_diagonal")
SEMIDEFINITE_KINDS = (*DEFINITE_KINDS, "mask", "projector")
NONNEGATIVE_KINDS = ("positive_scalar", "positive_diagonal", "mask")
INVERTIBLE_KINDS = ("invertible", "orthogonal", *DEFINITE_KINDS)


def check_inequality(
    inequality: Inequality, nonnegative: Expr, certificate: Certificate, hypotheses: tuple[Equation, ...] = ()
) -> None:
    """Return if the inequality is established: the certificate proves excess = P, and P is seen to be >= 0.

    Raises CertificateError where it is not, LimitError where a bound is reached.
    """
    check(Equation(inequality.excess, nonnegative), certificate, hypotheses)
    require_nonnegative(inequality.excess, nonnegative)


def require_nonnegative(excess: Expr, certificate: Expr) -> None:
    """Return if the certificate is seen to be >= 0 wherever the excess is defined; raise CertificateError if not.

    >>> from symflow.expr.language import sqnorm, variable
    >>> from symflow.expr.tree import Symbol
    >>> x = variable(Symbol("x", "vector", ("n",)))
    >>> require_nonnegative(x.T @ x, sqnorm(x))
    >>> require_nonnegative(x.T @ x, -sqnorm(x))
    Traceback (most recent call last):
    ...
    symflow.errors.CertificateError: -sqnorm(x) is not seen to be nonnegative from its form
    """
    term = next((t for t in _terms(certificate) if not is_nonnegative(t)), None)
    if term is not None:
        raise CertificateError(f"{term!r} is not seen to be nonnegative from its form")
    defined = {node for node in excess.walk() if _partial(node)}
    for node in certificate.walk():
        if _partial(node) and not any(node.same(other) for other in defined):
            raise CertificateError(f"{node!r} may be undefined where the inequality is claimed")


def _terms(expr: Expr) -> tuple[Expr, ...]:
    return expr.args if expr.op == "add" else (expr,)


def is_nonnegative(expr: Expr) -> bool:
    """Whether every entry is >= 0 wherever it is defined, as far as the rules tell."""
    rule = _NONNEGATIVE.get(expr.op)
    return rule is not None and rule(expr)


def is_positive(expr: Expr) -> bool:
    """Whether a scalar is > 0 wherever it is defined."""
    match expr.op:
        case "number":
            return bool(expr.data > 0)
        case "symbol":
            return expr.data[0].kind in POSITIVE_KINDS
        case "exp":
            return True
        case "add":
            return all(map(is_nonnegative, expr.args)) and any(map(is_positive, expr.args))
        case "mul" | "div":
            return all(map(is_positive, expr.args))
        case "pow":
            return expr.shape == SCALAR and is_positive(expr.args[0])
        case "tr":
            return expr.args[0].op == "eye"
        case "det":
            return is_definite(expr.args[0])
    return False


def is_semidefinite(expr: Expr) -> bool:
    """Whether a square matrix is symmetric and positive semidefinite wherever it is defined; a number: >= 0."""
    if expr.shape == SCALAR and expr.op in _NONNEGATIVE and _NONNEGATIVE[expr.op](expr):
        return True
    match expr.op:
        case "symbol":
            return expr.data[0].kind in SEMIDEFINITE_KINDS
        case "eye" | "ones" | "zeros":
            return expr.shape[0] == expr.shape[1]
        case "add":
            return _complement(expr) or all(map(is_semidefinite, expr.args))
        case "mul":
            return any(s.shape == SCALAR and is_nonnegative(s) and is_semidefinite(X) for s, X in _orders(expr))
        case "div":
            return is_semidefinite(expr.args[0]) and is_nonnegative(expr.args[1])
        case "matmul":
            return _is_congruence(_chain(expr))
        case "transpose" | "inv" | "datasum":
            return is_semidefinite(expr.args[0])
        case "pow":
            return is_semidefinite(expr.args[0]) or (expr.data % 2 == 0 and _is_symmetric(expr.args[0]))
        case "hadamard":
            return all(map(is_semidefinite, expr.args))
        case "diag":
            return is_nonnegative(expr.args[0])
        case "outer":
            return expr.args[0].same(expr.args[1])
    return False


def is_definite(expr: Expr) -> bool:
    """Whether a square matrix is symmetric and positive definite wherever it is defined."""
    match expr.op:
        case "symbol":
            return expr.data[0].kind in DEFINITE_KINDS
        case "eye":
            return True
        case "add":
            return all(map(is_semidefinite, expr.args)) and any(map(is_definite, expr.args))
        case "mul":
            return any(s.shape == SCALAR and is_positive(s) and is_definite(X) for s, X in _orders(expr))
        case "inv":
            return is_definite(expr.args[0])
    return False


def _is_congruence(chain: list[Expr]) -> bool:
    """A.T @ X @ A with X semidefinite, or A.T @ A, from the factors of a product."""
    half = len(chain) // 2
    outer = zip(chain[:half], reversed(chain[len(chain) - half :]), strict=True)
    return all(_is_transpose(left, right) for left, right in outer) and (
        len(chain) % 2 == 0 or is_semidefinite(chain[half])
    )


def _chain(expr: Expr, transposed: bool = False) -> list[Expr]:
    """The factors of a product, transposes of products resolved; nonnegative numbers among them are left out.

    The product is a nonnegative multiple of that of the chain.
    """
    match expr.op:
        case "matmul":
            left, right = expr.args[::-1] if transposed else expr.args
            return [*_chain(left, transposed), *_chain(right, transposed)]
        case "transpose":
            return _chain(expr.args[0], not transposed)
        case "mul" | "div" if expr.shape != SCALAR:
            for number, matrix in _orders(expr):
                if number.shape == SCALAR and is_nonnegative(number) and (expr.op == "mul" or matrix is expr.args[0]):
                    return _chain(matrix, transposed)
    return [expr.T if transposed and not _is_symmetric(expr) else expr]


def _is_transpose(left: Expr, right: Expr) -> bool:
    if left.op == "transpose":
        return left.args[0].same(right)
    if right.op == "transpose":
        return right.args[0].same(left)
    return left.same(right) and _is_symmetric(left)


def _is_symmetric(expr: Expr) -> bool:
    match expr.op:
        case "symbol":
            return expr.data[0].kind in (*SEMIDEFINITE_KINDS, "symmetric", "diagonal") or expr.shape == SCALAR
        case "eye" | "diag" | "sym":
            return True
        case "ones" | "zeros":
            return expr.shape[0] == expr.shape[1]
        case "add" | "neg" | "inv" | "pow" | "datasum" | "transpose":
            return all(map(_is_symmetric, expr.args))
        case "mul" | "div":
            return all(part.shape == SCALAR or _is_symmetric(part) for part in expr.args)
        case "matmul":
            chain = _chain(expr)
            return all(_is_transpose(left, right) for left, right in zip(chain, reversed(chain), strict=True))
    return expr.shape == SCALAR


def _complement(expr: Expr) -> bool:
    """1 - P with P a mask or a projector."""
    if len(expr.args) != 2 or expr.args[0].op != "eye" or expr.args[1].op != "neg":
        return False
    P = expr.args[1].args[0]
    return P.op == "symbol" and P.data[0].kind in ("mask", "projector")


def _product(expr: Expr) -> bool:
    left, right = expr.args
    if all(map(is_nonnegative, expr.args)) or (expr.op != "matmul" and left.same(right)):
        return True
    if expr.op == "mul":
        return _opposites(left, right)
    return expr.op == "matmul" and expr.shape == SCALAR and _is_congruence(_chain(expr))


def _orders(expr: Expr) -> tuple[tuple[Expr, Expr], tuple[Expr, Expr]]:
    """The two factors in either order."""
    left, right = expr.args
    return (left, right), (right, left)


def _opposites(a: Expr, b: Expr) -> bool:
    """Both factors negated."""
    return a.op == "neg" and b.op == "neg" and is_nonnegative(a.args[0]) and is_nonnegative(b.args[0])


def _dot(expr: Expr) -> bool:
    left, right = expr.args
    if left.same(right) or all(map(is_nonnegative, expr.args)) or all(map(is_semidefinite, expr.args)):
        return True
    return any(_is_congruence(_chain(a.T @ b)) for a, b in _orders(expr))


def _trace(expr: Expr) -> bool:
    matrix = expr.args[0]
    if is_semidefinite(matrix) or is_nonnegative(matrix):
        return True
    chain = _chain(matrix)
    turns = (chain[k:] + chain[:k] for k in range(len(chain)))
    return any(
        _semidefinite_word(turn[:cut]) and _semidefinite_word(turn[cut:])
        for turn in turns
        for cut in range(1, len(turn) + 1)
    )


def _semidefinite_word(word: list[Expr]) -> bool:
    return not word or (is_semidefinite(word[0]) if len(word) == 1 else _is_congruence(word))


def _power(expr: Expr) -> bool:
    return expr.shape == SCALAR and (expr.data % 2 == 0 or is_nonnegative(expr.args[0]))


def _every_part(expr: Expr) -> bool:
    return all(map(is_nonnegative, expr.args))


def _logarithm(expr: Expr) -> bool:
    """log of 1 plus something nonnegative."""
    parts = _terms(expr.args[0])
    sizes = [part for part in parts if part.op == "number" and part.data >= 1]
    return bool(sizes) and all(map(is_nonnegative, parts))


_NONNEGATIVE: dict[str, Callable[[Expr], bool]] = {
    "number": lambda e: bool(e.data >= 0),
    "symbol": lambda e: e.data[0].kind in NONNEGATIVE_KINDS,
    **dict.fromkeys(("eye", "zeros", "ones", "exp", "sqrt", "relu", "step", "sqnorm"), lambda _: True),
    **dict.fromkeys(("add", "div", "transpose", "datasum", "diag", "outer"), _every_part),
    "neg": lambda e: e.args[0].op == "neg" and is_nonnegative(e.args[0].args[0]),
    **dict.fromkeys(("mul", "matmul", "hadamard"), _product),
    "pow": _power,
    "dot": _dot,
    "tr": _trace,
    "det": lambda e: is_semidefinite(e.args[0]),
    "diagpart": lambda e: is_nonnegative(e.args[0]) or is_semidefinite(e.args[0]),
    "log": _logarithm,
}


def _partial(node: Expr) -> bool:
    """Whether a node may be undefined where its arguments are defined."""
    match node.op:
        case "div":
            return not is_positive(node.args[1]) and not (node.args[1].op == "number" and node.args[1].data)
        case "log" | "sqrt":
            return not is_positive(node.args[0])
        case "pow":
            return bool(node.data < 0) and not (is_positive(node.args[0]) or is_definite(node.args[0]))
        case "inv":
            return not is_definite(node.args[0]) and not _is_invertible(node.args[0])
        case "logdet":
            return True
    return node.op in DERIVATIVES


def _is_invertible(expr: Expr) -> bool:
    if expr.op == "symbol":
        return expr.data[0].kind in INVERTIBLE_KINDS
    if expr.op in ("matmul", "transpose", "inv"):
        return expr.shape[0] == expr.shape[1] and all(map(_is_invertible, expr.args))
    return expr.op == "eye"
