"""The peer "SymPy, noncommutative symbols": words of ``Symbol(commutative=False)``, expanded, with relations by hand.

Such symbols have no shape, no transpose, no trace and no derivative by a symbol, so a transpose is a second symbol, and
what follows from it is written by hand. Most statements cannot be said at all; ``reason`` tells why.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, S, Symbol, expand

from symflow.expr.tree import DERIVATIVES, ENTRYWISE, Equation

Relations = dict[Expr, Expr]


def letters(names: str) -> list[Symbol]:
    """One noncommutative symbol per name."""
    return [Symbol(name, commutative=False) for name in names.split()]


def push_through() -> tuple[Expr, Relations]:
    """A(1 + BA) = (1 + AB)A."""
    A, B = letters("A B")
    return A * (1 + B * A) - (1 + A * B) * A, {}


def difference_of_inverses() -> tuple[Expr, Relations]:
    """A⁻¹ − B⁻¹ = A⁻¹(B − A)B⁻¹; the inverses are letters."""
    A, B, V, W = letters("A B V W")
    return V - W - V * (B - A) * W, {V * A: S.One, B * W: S.One}


def symmetric_commutator() -> tuple[Expr, Relations]:
    """[S, T] = −[S, T]ᵀ; the transpose is taken by hand."""
    A, B = letters("S T")
    return (A * B - B * A) + (B * A - A * B), {}


def reflection() -> tuple[Expr, Relations]:
    """(1 − 2P)² = 1."""
    (P,) = letters("P")
    return (1 - 2 * P) * (1 - 2 * P) - 1, {P**2: P}


def misalignment() -> tuple[Expr, Relations]:
    """(1 − P)ᵀP = (1 − P)ᵀ(P − Pᵀ); the transpose is a letter."""
    P, transposed = letters("P Pt")
    return (1 - transposed) * P - (1 - transposed) * (P - transposed), {P**2: P, transposed**2: transposed}


def cost_split() -> tuple[Expr, Relations]:
    """A7: |RᵀHR(x+b) − b − y|² = |HR(x−y)|² + |(1−H)R(b+y)|², rows and columns being letters of their own."""
    R, Rt, H, x, xt, b, bt, y, yt = letters("R Rt H x xt b bt y yt")
    residual = Rt * H * R * (x + b) - b - y
    row = (xt + bt) * Rt * H * R - bt - yt
    kept = (xt - yt) * Rt * H * H * R * (x - y)
    dropped = (bt + yt) * Rt * (1 - H) * (1 - H) * R * (b + y)
    return row * residual - kept - dropped, {R * Rt: S.One, Rt * R: S.One, H**2: H}


STATEMENTS: dict[str, Callable[[], tuple[Expr, Relations]]] = {
    "A7": cost_split, "F1-mis": misalignment, "comm-sym-skew": symmetric_commutator,
    "inv-sum-diff": difference_of_inverses, "push-through": push_through, "reflection": reflection,
}  # fmt: skip


def holds(statement: str) -> bool:
    """Whether expanding and substituting the relations until nothing changes gives zero."""
    difference, relations = STATEMENTS[statement]()
    before, after = None, expand(difference)
    while after != before:
        before = after
        for left, right in relations.items():
            after = expand(after.subs(left, right))
    return bool(after == 0)


def reason(equation: Equation) -> str:
    """Why the statement cannot be said in noncommutative symbols, in a few words."""
    nodes = [node for side in (equation.lhs, equation.rhs) for node in side.walk()]
    used = {node.op for node in nodes}
    for ops, why in (
        (DERIVATIVES, "no derivative"),
        ((*ENTRYWISE, "apply", "hadamard", "diag", "diagpart"), "no entrywise function"),
        (("tr", "det", "logdet"), "no trace"),
        (("datasum",), "no data sum"),
    ):
        if used & set(ops):
            return why
    return "no transpose of a scalar"
