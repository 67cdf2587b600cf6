"""What agreement at random points is worth: degrees of a statement and the Schwartz-Zippel bound.

Fix the dimensions and the number of data points. If no transcendental function, no ``relu`` or ``step`` and no
unknown function occurs, every entry of both sides is a rational function of the free parameters of the point. Bound
its numerator's degree by p and its denominator's by q. Each free parameter of a generic point is uniform on a set of
S numbers, so a numerator that is not identically zero vanishes at a random point with chance at most p/S
(Schwartz 1980, Zippel 1979) and a denominator with chance at most q/S. A statement that is false at these dimensions
therefore shows itself at a generic point with chance at least 1 - (p + q)/S, and escapes k of them with chance at most
((p + q)/S)^k.

Kinds with several components (signs of orthogonal matrices, patterns of masks, ranks of projectors) are drawn one
component at a time; a statement that fails on one of M combinations only escapes a point with chance at most
1 - (1 - (p + q)/S)/M.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from symflow.expr.tree import ENTRYWISE, Symbol
from symflow.refutation.palettes import GENERIC_RANGE
from symflow.refutation.points import extent
from symflow.refutation.programs import Node, Program

Degree = tuple[int, int]  # of the numerators' entries and of their common denominator


@dataclass(frozen=True, slots=True)
class Escape:
    """The chance that a false statement agrees at one generic point, or why no bound is known."""

    chance: Fraction | None
    reason: str


def escape(program: Program, sizes: Mapping[str, int], count: int) -> Escape:
    """Bound the chance that a statement false at these dimensions agrees at one generic point."""
    if program.relation != "==":
        return Escape(None, "an inequality may fail on a small region that no random point meets")
    if program.transcendental:
        return Escape(None, "transcendental functions occur; the degree bound speaks of rational functions only")
    measure = Degrees(sizes, count)
    lhs, rhs = program.sides[0]
    found = (measure.of(lhs), measure.of(rhs))
    if measure.obstacle:
        return Escape(None, measure.obstacle)
    (p, q), (r, s) = found
    chance = Fraction(max(p + s, r + q) + q + s + measure.rejected(program), GENERIC_RANGE)
    if chance >= 1:
        return Escape(None, f"the degree bound exceeds the {GENERIC_RANGE} values that each parameter takes")
    components = _components(program, sizes, count)
    return Escape(
        1 - (1 - chance) / components, "Schwartz-Zippel" + (f", {components} components" if components > 1 else "")
    )


class Degrees:
    """Degrees of nodes in the free parameters of a generic point, remembered by node."""

    def __init__(self, sizes: Mapping[str, int], count: int) -> None:
        self.sizes = sizes
        self.count = count
        self.obstacle = ""
        self._known: dict[int, Degree] = {}

    def of(self, node: Node) -> Degree:
        """(p, q): the value is P/g with P's entries of degree at most p and the polynomial g of degree at most q."""
        if node.number not in self._known:
            self._known[node.number] = self._compute(node)
        return self._known[node.number]

    def size(self, node: Node) -> int:
        """The number of rows of a node."""
        return extent(node.shape[0], self.sizes)

    def symbol(self, symbol: Symbol) -> Degree:
        """The degree of a symbol's generic instance in its own parameters."""
        n = extent(symbol.shape[0], self.sizes)
        return {
            "positive_definite": (2, 0),  # A A^T
            "orthogonal": (n, n),  # adj(1 - A) (1 + A) / det(1 - A)
            "mask": (0, 0),
            "projector": (2 * n, 2 * n),  # A adj(A^T A) A^T / det(A^T A)
            "idempotent": (n, n),  # S D adj(S) / det S
        }.get(symbol.kind, (1, 0))

    def rejected(self, program: Program) -> int:
        """The degree of what a generic instance must not be zero at: determinants of matrices to be inverted."""
        total = 0
        for symbol in program.symbols.values():
            n = extent(symbol.shape[0], self.sizes)
            degree = {"invertible": n, "positive_definite": n, "projector": 2 * n, "idempotent": n}.get(symbol.kind, 0)
            total += degree * (self.count if symbol.family else 1)
        return total + 1  # the weights' sum must not be one

    def _compute(self, node: Node) -> Degree:
        op = node.op
        if op == "symbol":
            return self.symbol(node.data[0])
        if op in ("number", "eye", "zeros", "ones"):
            return (0, 0)
        if op in ENTRYWISE or op in ("apply", "logdet"):
            self.obstacle = (
                f"{op} occurs; the degree bound speaks of rational functions only"
                if op != "apply"
                else "a function symbol occurs, which was tried as polynomials of degree 3 to 5 only"
            )
            return (0, 0)
        if op in ("grad", "liegrad", "jac", "diff", "along"):
            return self._derivative(node)
        return self._algebraic(node, [self.of(arg) for arg in node.args])

    def _algebraic(self, node: Node, args: list[Degree]) -> Degree:
        op, (p, q) = node.op, args[0]
        if op in ("neg", "transpose", "tr", "sym", "skew", "diag", "diagpart"):
            return (p, q)
        if op == "add":
            for r, s in args[1:]:
                p, q = max(p + s, r + q), q + s
            return (p, q)
        if op in ("mul", "matmul", "dot", "comm", "hadamard", "outer"):
            return (p + args[1][0], q + args[1][1])
        if op == "sqnorm":
            return (2 * p, 2 * q)
        if op == "div":
            r, s = args[1]
            return (p + s, q + r)
        if op == "datasum":
            return (p + 1 + (self.count - 1) * q, self.count * q)
        n = self.size(node.args[0])
        if op == "det":
            return (n * p, n * q)
        if op == "inv":
            return ((n - 1) * p + q, n * p)
        exponent = node.data  # pow
        if exponent < 0:
            p, q, exponent = (n - 1) * p + q, n * p, -exponent
        return (exponent * p, exponent * q)

    def _derivative(self, node: Node) -> Degree:
        p, q = self.of(node.args[0])  # (P/g)' = (P' g - P g') / g^2
        numerator, denominator = p + q, 2 * q
        if node.op == "liegrad":
            r, s = self.of(node.args[1])
            return (numerator + r, denominator + s)
        velocities = node.args[2::2] if node.op == "along" else node.args[2:]
        moved = node.args[1::2] if node.op == "along" else node.args[1:2]
        for X, velocity in zip(moved, velocities, strict=False):
            r, s = self.of(velocity)
            copies = self.count if X.data[1] is not None else 1
            for _ in range(copies):  # a sum over what moves
                numerator, denominator = numerator + r + s, denominator + s
        return (numerator, denominator)


def _components(program: Program, sizes: Mapping[str, int], count: int) -> int:
    product = 1
    for symbol in program.symbols.values():
        n = extent(symbol.shape[0], sizes)
        number = {"orthogonal": 2, "mask": 2**n, "projector": n + 1, "idempotent": n + 1}.get(symbol.kind, 1)
        product *= number ** (count if symbol.family else 1)
    return product
