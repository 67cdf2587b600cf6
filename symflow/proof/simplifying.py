"""A derivative written out: the normal form of an expression, read back as matrices and vectors."""

from __future__ import annotations

from symflow.calculus.reading_back import read_back
from symflow.errors import SymflowError
from symflow.expr.language import grad
from symflow.expr.tree import Equation, Expr
from symflow.proof.deciding import decide
from symflow.proof.proving import Prover

DEFAULT_SECONDS = 20.0


def simplify(expr: Expr, seconds: float = DEFAULT_SECONDS) -> Expr:
    """The expression with derivatives carried out and the relations of its symbols used.

    The result is proved equal to the expression before it is returned; raises SymflowError where that does not succeed,
    UnsupportedError where the normal form has no expression by matrix operations.
    """
    prover = Prover(Equation(expr, expr), seconds=seconds)
    result = read_back(prover.space, *prover.normal_form(expr))
    verdict = decide(Equation(expr, result), seconds=seconds)
    if verdict.status != "proved":
        raise SymflowError(f"the simplified form {result!r} could not be proved equal: {verdict.detail}")
    return result


def simplified_gradient(expr: Expr, wrt: Expr, seconds: float = DEFAULT_SECONDS) -> Expr:
    """The gradient of a scalar expression by a symbol, simplified and proved.

    >>> from symflow.expr.language import sqnorm, variable
    >>> from symflow.expr.tree import Symbol
    >>> A, x = variable(Symbol("A", "matrix", ("n", "m"))), variable(Symbol("x", "vector", ("m",)))
    >>> simplified_gradient(sqnorm(A @ x) / 2, x)
    A.T@A@x
    """
    return simplify(grad(expr, wrt), seconds)
