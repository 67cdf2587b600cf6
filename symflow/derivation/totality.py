"""Statements that are defined everywhere, as far as their form shows.

A statement is claimed where both sides are defined. Used as a lemma or as an induction hypothesis it must be defined
wherever the statement that uses it is, or that statement would be proved on a smaller set than it claims. So only
statements without partial operations are used in this way; others can be assumed (``Derivation.assume``), which
restricts the claim openly.
"""

from __future__ import annotations

from symflow.errors import KindError
from symflow.expr.tree import DERIVATIVES, Equation, Expr

INVERTIBLE = ("invertible", "orthogonal", "positive_definite", "positive_diagonal")


def is_invertible(value: Expr) -> bool:
    """The identity, symbols of invertible kinds, their products, inverses and transposes."""
    if value.op == "symbol":
        return value.data[0].kind in INVERTIBLE
    if value.op in ("matmul", "inv", "transpose"):
        return value.shape[0] == value.shape[1] and all(is_invertible(part) for part in value.args)
    return value.op == "eye"


def require_total(what: str, equation: Equation) -> None:
    """Raise KindError where a side has a partial operation: a division, a root, a kink under a derivative, …"""
    for side in (equation.lhs, equation.rhs):
        for node in side.walk():
            reason = _partial(node)
            if reason:
                raise KindError(
                    f"{what} contains {reason}, so it may be undefined where the statement that uses it is not; "
                    "assume it instead, so that the restriction is shown"
                )


def _partial(node: Expr) -> str:
    if node.op in ("log", "sqrt", "logdet"):
        return f"{node.op}(…)"
    if node.op == "div" and not (node.args[1].op == "number" and node.args[1].data):
        return "a division"
    if node.op == "pow" and node.data < 0:
        return "a negative power"
    if node.op == "inv" and not is_invertible(node.args[0]):
        return "the inverse of a matrix that is not invertible by kind"
    if node.op in DERIVATIVES and any(inner.op in ("relu", "step", "det") for inner in node.walk()):
        return "a derivative of relu, step or det"
    return ""
