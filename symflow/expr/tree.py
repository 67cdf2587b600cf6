"""The syntax tree of statements: what a person wrote, with shapes checked where it is written.

The tree is plain data. It knows shapes and kinds but no mathematics: calculus, proof, refutation, printing
and the checker each read it on their own. Every node is an :class:`Expr`; its ``op`` says what it is:

=============================  ==================================  =======================================
op                             args                                data
=============================  ==================================  =======================================
``symbol``                     ()                                  (Symbol, data index name or None)
``number``                     ()                                  Fraction
``eye``, ``zeros``, ``ones``   ()                                  None (the shape says all)
``add``                        two or more of one shape            None
``neg``, ``transpose``         (x,)                                None
``mul``                        (x, y), at least one a scalar       None
``matmul``                     (x, y)                              None
``div``                        (x, scalar)                         None
``pow``                        (x,) scalar or square               the integer exponent
a name in ``FUNCTIONS``        its arguments                       None
``apply``                      (x,)                                (Symbol of kind function, order of f.d.d…)
``datasum``                    (body,)                             the data index that is bound
``grad``, ``liegrad``          (f, X)                              None
``jac``                        (f, x)                              None
``diff``                       (f, X, E)                           None
``along``                      (f, X1, e1, X2, e2, …)              None
=============================  ==================================  =======================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from symflow.errors import KindError, ShapeError
from symflow.expr.kinds import KINDS
from symflow.expr.shapes import SCALAR, Dim, Shape, require_same, require_scalar, require_square, show_shape

if TYPE_CHECKING:
    from symflow.expr.order import Inequality

MATRIX_FUNCTIONS = (
    "inv", "tr", "det", "logdet", "sqnorm", "dot", "comm", "sym", "skew", "hadamard", "diag", "diagpart", "outer",
)  # fmt: skip
ENTRYWISE = ("exp", "log", "sqrt", "sin", "cos", "tanh", "relu", "step")
FUNCTIONS = MATRIX_FUNCTIONS + ENTRYWISE
DERIVATIVES = ("grad", "liegrad", "jac", "diff", "along")
OPS = (
    "symbol", "number", "eye", "zeros", "ones", "add", "neg", "transpose", "mul", "matmul", "div", "pow",
    *FUNCTIONS, "apply", "datasum", *DERIVATIVES,
)  # fmt: skip

MAX_EXPONENT = 64


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named object: its kind, its dimensions, and whether there is one per data index.

    >>> Symbol("R", "orthogonal", ("Q",)).shape
    ('Q', 'Q')
    """

    name: str
    kind: str
    dims: tuple[Dim, ...] = ()
    family: bool = False

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise KindError(f"{self.name}: unknown kind {self.kind!r}; the kinds are {', '.join(sorted(KINDS))}")
        if len(self.dims) not in kind.dimensions:
            wanted = " or ".join(map(str, kind.dimensions))
            raise KindError(f"{self.name}: {self.kind} takes {wanted} dimension(s), {len(self.dims)} given")

    @property
    def shape(self) -> Shape:
        """Rows and columns; ``(1, 1)`` for scalars and functions."""
        if not self.dims:
            return SCALAR
        if self.kind == "vector":
            return (self.dims[0], 1)
        return (self.dims[0], self.dims[-1])


class Expr:
    """One node of a statement. Immutable; combine with ``+ - * / @ **``, ``.T`` and the functions of the language.

    ``==`` between expressions builds an :class:`Equation`, whose truth value is structural identity.
    """

    __slots__ = ("op", "args", "data", "shape", "free", "size", "_hash")

    op: str
    args: tuple[Expr, ...]
    data: Any
    shape: Shape
    free: frozenset[str]  # data indices that no datasum binds yet
    size: int  # number of nodes, shared ones counted each time
    _hash: int

    def __init__(
        self, op: str, args: tuple[Expr, ...] = (), data: Any = None, shape: Shape = SCALAR,
        free: frozenset[str] | None = None,
    ) -> None:  # fmt: skip
        set_ = object.__setattr__
        set_(self, "op", op)
        set_(self, "args", args)
        set_(self, "data", data)
        set_(self, "shape", shape)
        if free is None:
            free = frozenset().union(*(a.free for a in args)) if args else frozenset()
        set_(self, "free", free)
        set_(self, "size", 1 + sum(a.size for a in args))
        set_(self, "_hash", hash((op, args, data, shape)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("expressions are immutable")

    def __hash__(self) -> int:
        return self._hash

    def same(self, other: Expr) -> bool:
        """Structural identity: the same tree, symbol by symbol."""
        return self is other or (
            self._hash == other._hash
            and self.op == other.op
            and self.data == other.data
            and self.shape == other.shape
            and len(self.args) == len(other.args)
            and all(a.same(b) for a, b in zip(self.args, other.args, strict=True))
        )

    def walk(self) -> Iterator[Expr]:
        """Every node, parents before children."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.args))

    def __eq__(self, other: object) -> Equation:  # type: ignore[override]  # builds a statement, like SymPy's Eq
        if not isinstance(other, (Expr, int, Fraction)):
            return NotImplemented
        return Equation(self, lift(other))

    def __le__(self, other: Operand) -> Inequality:
        return self._compare("<=", other)

    def __ge__(self, other: Operand) -> Inequality:
        return self._compare(">=", other)

    def _compare(self, relation: str, other: Operand) -> Inequality:
        from symflow.expr.order import Inequality

        return Inequality(self, relation, lift(other))

    def __add__(self, other: Operand) -> Expr:
        return _add(self, lift(other))

    def __radd__(self, other: Operand) -> Expr:
        return _add(lift(other), self)

    def __sub__(self, other: Operand) -> Expr:
        return _add(self, -lift(other))

    def __rsub__(self, other: Operand) -> Expr:
        return _add(lift(other), -self)

    def __neg__(self) -> Expr:
        return Expr("neg", (self,), None, self.shape)

    def __mul__(self, other: Operand) -> Expr:
        return _mul(self, lift(other))

    def __rmul__(self, other: Operand) -> Expr:
        return _mul(lift(other), self)

    def __truediv__(self, other: Operand) -> Expr:
        divisor = lift(other)
        require_scalar("the divisor of /", divisor.shape)
        return Expr("div", (self, divisor), None, self.shape)

    def __rtruediv__(self, other: Operand) -> Expr:
        return lift(other) / self

    def __matmul__(self, other: Operand) -> Expr:
        right = lift(other)
        if self.shape[1] != right.shape[0]:
            raise ShapeError(f"@ cannot multiply {show_shape(self.shape)} by {show_shape(right.shape)}")
        return Expr("matmul", (self, right), None, (self.shape[0], right.shape[1]))

    def __rmatmul__(self, other: Operand) -> Expr:
        return lift(other) @ self

    def __pow__(self, exponent: int) -> Expr:
        if not isinstance(exponent, int) or isinstance(exponent, bool):
            raise KindError("the exponent of ** must be an integer; write sqrt(s) for a square root")
        if abs(exponent) > MAX_EXPONENT:
            raise KindError(f"the exponent {exponent} of ** is beyond the bound of {MAX_EXPONENT}")
        require_square("**", self.shape)
        return Expr("pow", (self,), exponent, self.shape)

    @property
    def T(self) -> Expr:
        """The transpose."""
        return Expr("transpose", (self,), None, (self.shape[1], self.shape[0]))

    def __repr__(self) -> str:
        from symflow.expr.printing import to_claims

        return to_claims(self)

    def to_latex(self) -> str:
        """The expression as LaTeX, without surrounding dollar signs."""
        from symflow.expr.latex import to_latex

        return to_latex(self)

    def _repr_latex_(self) -> str:
        return f"${self.to_latex()}$"


Operand = Expr | int | Fraction


@dataclass(frozen=True, slots=True)
class FunctionSymbol:
    """A ``function`` symbol, ready to be applied: ``f(v)``, ``f.d(v)``, ``f.d.d(v)``."""

    symbol: Symbol
    order: int = 0

    @property
    def d(self) -> FunctionSymbol:
        """The derivative."""
        if self.order >= MAX_EXPONENT:
            raise KindError(f"{self.symbol.name} is differentiated more than {MAX_EXPONENT} times")
        return FunctionSymbol(self.symbol, self.order + 1)

    def __call__(self, argument: Operand) -> Expr:
        """The function, or the derivative, of the argument, entry by entry."""
        x = lift(argument)
        return Expr("apply", (x,), (self.symbol, self.order), x.shape)


class Equation:
    """A statement ``lhs == rhs`` between two expressions of one shape."""

    __slots__ = ("lhs", "rhs")

    def __init__(self, lhs: Expr, rhs: Expr) -> None:
        require_same("==", lhs.shape, rhs.shape)
        self.lhs = lhs
        self.rhs = rhs

    def __bool__(self) -> bool:
        return self.lhs.same(self.rhs)

    def __hash__(self) -> int:
        return hash((self.lhs, self.rhs))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equation) and self.lhs.same(other.lhs) and self.rhs.same(other.rhs)

    def symbols(self) -> dict[str, Symbol]:
        """Every symbol of the statement by name, in order of appearance."""
        found: dict[str, Symbol] = {}
        for side in (self.lhs, self.rhs):
            for node in side.walk():
                if node.op in ("symbol", "apply"):
                    found.setdefault(node.data[0].name, node.data[0])
        return found

    def walk(self) -> Iterator[Expr]:
        """Every node of both sides, parents before children."""
        yield from self.lhs.walk()
        yield from self.rhs.walk()

    def differentiated_by(self) -> Iterator[Expr]:
        """Every symbol by which a derivative of the statement differentiates, as often as it does."""
        for node in self.walk():
            if node.op in DERIVATIVES:
                yield from node.args[1::2] if node.op == "along" else node.args[1:2]

    def dimensions(self) -> list[str]:
        """Every dimension name of the statement, sorted."""
        names = {d for side in (self.lhs, self.rhs) for node in side.walk() for d in _named_dims(node)}
        return sorted(names)

    def __repr__(self) -> str:
        return f"{self.lhs!r} == {self.rhs!r}"

    def to_latex(self) -> str:
        """The statement as LaTeX, without surrounding dollar signs."""
        return f"{self.lhs.to_latex()} = {self.rhs.to_latex()}"

    def _repr_latex_(self) -> str:
        return f"${self.to_latex()}$"


def lift(value: Operand) -> Expr:
    """Turn a rational number into an expression; leave expressions alone."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return Expr("number", (), Fraction(value))
    raise KindError(f"{value!r} is not an expression; exact numbers only (int or Fraction, 1/2 instead of 0.5)")


def _add(left: Expr, right: Expr) -> Expr:
    shape = require_same("+ or -", left.shape, right.shape)
    args = (*left.args, right) if left.op == "add" else (left, right)
    return Expr("add", args, None, shape)


def _mul(left: Expr, right: Expr) -> Expr:
    if SCALAR not in (left.shape, right.shape):
        raise ShapeError(
            f"* needs a scalar factor; these are {show_shape(left.shape)} and {show_shape(right.shape)}"
            " (write @ for the matrix product, hadamard(X, Y) for the entrywise one)"
        )
    return Expr("mul", (left, right), None, left.shape if right.shape == SCALAR else right.shape)


def _named_dims(node: Expr) -> Iterator[str]:
    dims = (*node.shape, *node.data[0].dims) if node.op in ("symbol", "apply") else node.shape
    return (d for d in dims if isinstance(d, str))
