"""Mathematical notation, whatever the glyphs: which parentheses a reader needs.

LaTeX and the terminal differ in glyphs, not in grammar. A :class:`Notation` holds the glyphs, as templates
with the arguments at ``#1``, ``#2``, …; this module decides where parentheses go. Unlike the claims language
it shows products as associative, since a reader does not care how ``A B C`` was bracketed.
"""

# ruff: noqa: ARG002  # a table calls every rule with the same arguments

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symflow.expr.shapes import SCALAR
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import Expr, Symbol

# binding strengths, weakest first; OPERATOR is a prefix such as a sum or a gradient, which reaches to the right
ANY, SUM, SIGN, OPERATOR, HADAMARD, PRODUCT, POWER, ATOM = range(8)


@dataclass(frozen=True)
class Notation:
    """The glyphs of one medium.

    ``templates`` has an entry for each operation without a rule of its own; ``fraction`` gives the strengths
    that numerator and denominator need and the strength of the whole.
    """

    templates: Mapping[str, str]
    name: Callable[[Symbol, str | None], str]
    function: Callable[[Symbol, int], str]
    dimension: Callable[[str], str]
    number: Callable[[Fraction], str]
    exponent: Callable[[int], str]
    times: str  # between a factor and a digit, where juxtaposition would make one number of two
    fraction: tuple[int, int, int]
    index: Callable[[str], str]  # a data index below a summation sign

    def fill(self, template: str, *arguments: str) -> str:
        """The template with its ``#k`` replaced, all at once, by the arguments."""
        text, *pieces = self.templates[template].split("#")
        return text + "".join(arguments[int(piece[0]) - 1] + piece[1:] for piece in pieces)


@dataclass(frozen=True, slots=True)
class Shown:
    """Text with its binding strength, and what remains without the sign when it stands for a negative.

    ``inner`` marks a scalar that was made by multiplying vectors: beside a matrix it needs parentheses,
    since in ``u^T v w`` a reader looks for ``v w`` first.
    """

    text: str
    level: int
    negated: Shown | None = None
    inner: bool = False
    base: Shown | None = None  # of an inverse or a transpose: what stands without the exponent


# operation: strengths that the arguments need, strength of the result
_FIXED: dict[str, tuple[tuple[int, ...], int]] = {
    "tr": ((ANY,), ATOM), "det": ((ANY,), ATOM),
    "logdet": ((ANY,), ATOM), "sqnorm": ((ANY,), POWER), "dot": ((ANY, ANY), ATOM), "comm": ((ANY, ANY), ATOM),
    "sym": ((ANY,), ATOM), "skew": ((ANY,), ATOM), "diag": ((ANY,), ATOM), "diagpart": ((ANY,), ATOM),
    "outer": ((PRODUCT, ATOM), PRODUCT), "exp": ((ANY,), ATOM), "log": ((ANY,), ATOM), "sqrt": ((ANY,), ATOM),
    "sin": ((ANY,), ATOM), "cos": ((ANY,), ATOM), "tanh": ((ANY,), ATOM), "relu": ((ANY,), ATOM),
    "step": ((ANY,), ATOM), "diff": ((POWER, ANY, ANY), OPERATOR),
}  # fmt: skip


def show(expr: Expr, notation: Notation) -> str:
    """Write an expression in the given notation."""
    return bottom_up(expr, _Display(notation).visit).text


class _Display:
    def __init__(self, notation: Notation) -> None:
        self.notation = notation

    def visit(self, node: Expr, below: list[Shown]) -> Shown:
        if node.op in ("inv", "transpose"):
            return self._exponent(node, below[0])
        if node.op in _FIXED:
            needed, level = _FIXED[node.op]
            return Shown(self._fill(node.op, *map(self._at, below, needed)), level)
        shown: Shown = getattr(self, f"_{node.op}")(node, below)
        return shown

    def _exponent(self, node: Expr, X: Shown) -> Shown:
        """An inverse or a transpose; of the two together one exponent, where the notation has one."""
        both = {node.op, node.args[0].op} == {"inv", "transpose"} and "inverse transpose" in self.notation.templates
        if both and X.base is not None:
            return Shown(self._fill("inverse transpose", self._at(X.base, ATOM)), POWER)
        return Shown(self._fill(node.op, self._at(X, ATOM)), POWER, None, False, X)

    def _fill(self, template: str, *arguments: str) -> str:
        return self.notation.fill(template, *arguments)

    def _at(self, shown: Shown, level: int) -> str:
        return shown.text if shown.level >= level else self._fill("parentheses", shown.text)

    def _symbol(self, node: Expr, below: list[Shown]) -> Shown:
        return Shown(self.notation.name(*node.data), ATOM)

    def _number(self, node: Expr, below: list[Shown]) -> Shown:
        return self._rational(node.data)

    def _rational(self, value: Fraction) -> Shown:
        size = self.notation.number(abs(value))
        # a fraction of one glyph is as good as an integer
        level = ATOM if value.denominator == 1 or len(size) == 1 else self.notation.fraction[2]
        shown = Shown(size, level)
        if value < 0:
            return self._minus(shown)
        return shown

    def _minus(self, size: Shown, inner: bool = False) -> Shown:
        return Shown(f"{self._fill('minus')}{self._at(size, OPERATOR)}", SIGN, size, inner)

    def _dims(self, node: Expr) -> list[str]:
        return [self.notation.dimension(str(d)) for d in node.shape]

    def _eye(self, node: Expr, below: list[Shown]) -> Shown:
        return Shown(self._fill("eye", self._dims(node)[0]), ATOM)

    def _zeros(self, node: Expr, below: list[Shown]) -> Shown:
        return Shown(self._fill("zeros", *self._dims(node)), ATOM)

    def _ones(self, node: Expr, below: list[Shown]) -> Shown:
        return Shown(self._fill("ones" if node.shape[1] == 1 else "ones matrix", *self._dims(node)), ATOM)

    def _add(self, node: Expr, below: list[Shown]) -> Shown:
        text = self._at(below[0], SIGN)
        for term in below[1:]:
            sign, size = ("plus", term) if term.negated is None else ("minus", term.negated)
            text += f" {self._fill(sign)} {self._at(size, OPERATOR)}"
        return Shown(text, SUM)

    def _neg(self, node: Expr, below: list[Shown]) -> Shown:
        return self._minus(below[0], below[0].inner)

    def _mul(self, node: Expr, below: list[Shown]) -> Shown:
        left, right = (self._shield(shown) for shown in below) if node.shape != SCALAR else below
        return self._product(left, right, left.inner or right.inner)

    def _matmul(self, node: Expr, below: list[Shown]) -> Shown:
        return self._product(below[0], below[1], node.shape == SCALAR)

    def _shield(self, shown: Shown) -> Shown:
        return Shown(self._fill("parentheses", shown.text), ATOM) if shown.inner else shown

    def _product(self, left: Shown, right: Shown, inner: bool) -> Shown:
        signs = (left.negated is not None) + (right.negated is not None)
        left, right = (s if s.negated is None else s.negated for s in (left, right))
        # the last factor may be a sum or a gradient as it is: it reaches to the end of the product
        level = OPERATOR if right.level == OPERATOR else PRODUCT
        first, second = self._at(left, PRODUCT), self._at(right, level)
        space = self.notation.times if second[0].isdigit() else " "
        product = Shown(f"{first}{space}{second}", level, None, inner)
        return self._minus(product, inner) if signs == 1 else product  # the sign moves in front of the whole

    def _div(self, node: Expr, below: list[Shown]) -> Shown:
        over, under, whole = self.notation.fraction
        numerator, divisor = below
        divisor_node = node.args[1]
        if divisor_node.op == "number" and divisor_node.data != 0 and node.args[0].op != "number":
            return self._product(self._rational(1 / divisor_node.data), numerator, numerator.inner)
        if node.shape == SCALAR:
            return Shown(self._fill("div", self._at(numerator, over), self._at(divisor, under)), whole)
        factor = Shown(self._fill("div", "1", self._at(divisor, under)), whole)
        return self._product(factor, numerator, False)

    def _pow(self, node: Expr, below: list[Shown]) -> Shown:
        return Shown(self._at(below[0], ATOM) + self.notation.exponent(node.data), POWER)

    def _hadamard(self, node: Expr, below: list[Shown]) -> Shown:
        # the entrywise product is associative, but beside a matrix product it needs parentheses
        sides = [s.text if s.level == HADAMARD else self._at(s, POWER) for s in below]
        return Shown(self._fill("hadamard", *sides), HADAMARD)

    def _apply(self, node: Expr, below: list[Shown]) -> Shown:
        return Shown(self.notation.function(*node.data) + self._fill("parentheses", below[0].text), ATOM)

    def _datasum(self, node: Expr, below: list[Shown]) -> Shown:
        index = self.notation.index(node.data)
        body = node.args[0]
        if body.op == "number" and body.data == 1:  # the total weight is written without its factor 1
            return Shown(self._fill("datasum", index, "").rstrip(), OPERATOR)
        return Shown(self._fill("datasum", index, self._at(below[0], OPERATOR)), OPERATOR)

    def _prefixed(self, node: Expr, below: list[Shown]) -> Shown:
        f, X = below
        body = f.text if f.level == OPERATOR else self._at(f, POWER)  # a gradient of a sum reads well as it is
        return Shown(self._fill(node.op, body, X.text), OPERATOR)

    _grad = _liegrad = _jac = _prefixed

    def _along(self, node: Expr, below: list[Shown]) -> Shown:
        velocities = [self._fill("velocity", X.text, e.text) for X, e in zip(below[1::2], below[2::2], strict=True)]
        return Shown(self._fill("along", self._at(below[0], POWER), ", ".join(velocities)), OPERATOR)
