"""A derivation as a person writes it: symbols, definitions, hypotheses, claims, chains of equalities.

Nothing is proved while it is written; :meth:`Derivation.check` proves each step in order and returns a report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from symflow.derivation.induction import Layer, Recursion, require_kind
from symflow.derivation.reports import Report, Step
from symflow.derivation.totality import require_total
from symflow.derivation.vacuity import vacuity
from symflow.errors import KindError, ShapeError
from symflow.expr.language import variable
from symflow.expr.substitution import substitute_in
from symflow.expr.tree import Equation, Expr, FunctionSymbol, Symbol
from symflow.proof import Verdict, decide

DEFAULT_SECONDS = 20.0


@dataclass(frozen=True)
class Statement:
    """One thing to prove: its label, the equation, and what a report says about it."""

    label: str
    equation: Equation
    title: str = ""
    source: str = ""
    confirm: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    hypotheses: tuple[Equation, ...] = ()  # those assumed before it
    lemmas: tuple[Lemma, ...] = ()  # statements proved elsewhere that it may use


@dataclass(frozen=True)
class Lemma:
    """A statement used by name: where it stands, and the equation as it is used here."""

    derivation: Derivation
    label: str
    equation: Equation

    def proved(self, seconds: float) -> bool:
        """Whether the statement is proved where it stands, with all that it rests on."""
        return self.derivation.verdict(self.label, seconds=seconds).status == "proved"


class Derivation:
    """A derivation: written once, proved in every dimension.

    ``title`` and ``source`` (a theory statement, a paper section) are for the report.

    >>> from symflow.expr.language import eye
    >>> d = Derivation("A rotation keeps lengths", source="linear algebra")
    >>> Q = d.dim("Q")
    >>> R, x = d.orthogonal("R", Q), d.vector("x", Q)
    >>> d.claim("length", (R @ x).T @ (R @ x) == x.T @ x)
    >>> print(d.check())
    A rotation keeps lengths
      length  proved
    """

    def __init__(self, title: str, *, source: str = "") -> None:
        self.title = title
        self.source = source
        self.symbols: dict[str, Symbol] = {}
        self.dimensions: list[str] = []
        self.definitions: dict[str, Expr] = {}
        self.hypotheses: list[Equation] = []
        self.statements: list[Statement] = []
        self.lemmas: list[Lemma] = []
        self._verdicts: dict[str, Verdict] = {}

    # symbols

    def dim(self, name: str) -> str:
        """Declare a dimension."""
        if name in self.symbols:
            raise KindError(f"{name} is a symbol already; a dimension needs a name of its own")
        if name not in self.dimensions:
            self.dimensions.append(name)
        return name

    def _declare(self, name: str, kind: str, dims: tuple[str | int, ...], over: str | None) -> Expr:
        symbol = Symbol(name, kind, dims, over is not None)
        known = self.symbols.get(name)
        if known is not None and known != symbol:
            raise KindError(f"{name} is declared twice: as {known.kind}{list(known.dims)} and as {kind}{list(dims)}")
        if name in self.dimensions:
            raise KindError(f"{name} is a dimension already; a symbol needs a name of its own")
        for dim in dims:
            if isinstance(dim, str):
                self.dim(dim)
        self.symbols[name] = symbol
        return variable(symbol, over)

    def scalar(self, name: str, *, positive: bool = False, over: str | None = None) -> Expr:
        """A real number, positive if so declared; with ``over="i"`` one per data point."""
        return self._declare(name, "positive_scalar" if positive else "scalar", (), over)

    def vector(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """A column of length n."""
        return self._declare(name, "vector", (n,), over)

    def matrix(self, name: str, n: str | int, m: str | int | None = None, *, over: str | None = None) -> Expr:
        """An arbitrary matrix, n x m; square where m is not given."""
        return self._declare(name, "matrix", (n, n if m is None else m), over)

    def symmetric(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """A symmetric matrix."""
        return self._declare(name, "symmetric", (n,), over)

    def antisymmetric(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """An antisymmetric matrix."""
        return self._declare(name, "antisymmetric", (n,), over)

    def diagonal(self, name: str, n: str | int, *, positive: bool = False, over: str | None = None) -> Expr:
        """A diagonal matrix, with positive entries if so declared."""
        return self._declare(name, "positive_diagonal" if positive else "diagonal", (n,), over)

    def invertible(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """An invertible matrix."""
        return self._declare(name, "invertible", (n,), over)

    def positive_definite(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """A symmetric positive definite matrix."""
        return self._declare(name, "positive_definite", (n,), over)

    def orthogonal(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """An orthogonal matrix: X.T @ X = X @ X.T = 1."""
        return self._declare(name, "orthogonal", (n,), over)

    def mask(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """A diagonal matrix with entries 0 or 1: an activation pattern."""
        return self._declare(name, "mask", (n,), over)

    def projector(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """A symmetric idempotent matrix."""
        return self._declare(name, "projector", (n,), over)

    def idempotent(self, name: str, n: str | int, *, over: str | None = None) -> Expr:
        """An idempotent matrix: X @ X = X."""
        return self._declare(name, "idempotent", (n,), over)

    def function(self, name: str) -> FunctionSymbol:
        """An arbitrary smooth function R -> R, applied entry by entry."""
        symbol = Symbol(name, "function")
        known = self.symbols.setdefault(name, symbol)
        if known != symbol:
            raise KindError(f"{name} is declared twice: as {known.kind} and as a function")
        return FunctionSymbol(symbol)

    # what is said about them

    def define(self, name: str, expression: Expr) -> Expr:
        """Give an expression a name for the report and the paper; returns the expression."""
        if name in self.definitions:
            raise KindError(f"{name} is defined twice")
        self.definitions[name] = expression
        return expression

    def assume(self, hypothesis: Equation) -> None:
        """Assume an equation in every later step; hypotheses are listed with the verdicts."""
        self.hypotheses.append(hypothesis)

    def lemma(self, label: str, *, of: Derivation | None = None, values: Mapping[Expr, Expr] | None = None) -> Equation:
        """Use a statement by its label in every later step, of this derivation or of another one.

        ``values`` puts expressions of this derivation in the place of the lemma's symbols; each must be of the symbol's
        kind. A step that may use a lemma is proved only if the lemma is. Returns the equation as it is used.

        >>> from symflow.expr.language import eye
        >>> first = Derivation("Rotations")
        >>> R = first.orthogonal("R", "Q")
        >>> first.claim("inverse", R.T @ R == eye("Q"))
        >>> second = Derivation("Uses it")
        >>> S = second.orthogonal("S", "Q")
        >>> second.lemma("inverse", of=first, values={R: S})
        S.T@S == eye(Q)
        """
        home = self if of is None else of
        statement = home.statement(label)
        for symbol, value in (values or {}).items():
            require_kind(repr(symbol), symbol, value)
        equation = substitute_in(statement.equation, values or {})
        if statement.hypotheses:
            raise KindError(f"{label} holds under hypotheses; a lemma must hold without, or be claimed again here")
        require_total(f"the lemma {label}", equation)
        self.lemmas.append(Lemma(home, label, equation))
        return equation

    def statement(self, label: str) -> Statement:
        """The statement with a label."""
        for statement in self.statements:
            if statement.label == label:
                return statement
        known = ", ".join(statement.label for statement in self.statements) or "none"
        raise KindError(f"{self.title} has no statement {label!r}; it has: {known}")

    def verdict(self, label: str, *, seconds: float = DEFAULT_SECONDS) -> Verdict:
        """The verdict of a statement, decided once; proved only if every lemma that it may use is."""
        if label not in self._verdicts:
            statement = self.statement(label)
            open_lemmas = [lemma.label for lemma in statement.lemmas if not lemma.proved(seconds)]
            given = (*statement.hypotheses, *(lemma.equation for lemma in statement.lemmas))
            verdict = decide(statement.equation, given, seconds=seconds)
            if open_lemmas and verdict.status == "proved":
                detail = f"it rests on {', '.join(open_lemmas)}, not proved; by itself: {verdict.detail}"
                verdict = replace(verdict, status="undecided", detail=detail, certificate=None)
            if statement.hypotheses and verdict.status == "proved":
                verdict = replace(verdict, detail=verdict.detail + vacuity(statement.equation, statement.hypotheses))
            self._verdicts[label] = verdict
        return self._verdicts[label]

    def claim(
        self, label: str, equation: Equation, *, title: str = "", source: str = "",
        confirm: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
    ) -> None:  # fmt: skip
        """Claim an equation. ``confirm`` says how to compare it with the original network, once or several times."""
        if not isinstance(equation, Equation):
            raise KindError(f"{label}: a claim is an equation, lhs == rhs; got {type(equation).__name__}")
        if any(label == statement.label for statement in self.statements):
            raise KindError(f"the label {label} is used twice")
        if equation.lhs.free or equation.rhs.free:
            free = min(equation.lhs.free | equation.rhs.free)
            raise KindError(
                f"{label} has the free data index {free}: sum over it with datasum(…, {free!r}), "
                "or declare the symbols without over= to state it for one data point"
            )
        hypotheses = tuple(self.hypotheses)
        specs = (confirm,) if isinstance(confirm, Mapping) else tuple(confirm)
        lemmas = tuple(self.lemmas)
        self.statements.append(Statement(label, equation, title, source or self.source, specs, hypotheses, lemmas))

    def chain(self, label: str, first: Expr, *others: Expr, title: str = "", source: str = "") -> None:
        """A chain of equalities: each link is a step of its own, so that a report names the link that fails."""
        if not others:
            raise ShapeError(f"{label}: a chain of equalities needs at least two expressions")
        links = [first, *others]
        for number, (left, right) in enumerate(pairwise(links), start=1):
            name = label if len(others) == 1 else f"{label}.{number}"
            self.claim(name, Equation(left, right), title=title, source=source)

    def recursion(self) -> Recursion:
        """A recursion over layers, to be filled with states and parameters and used by :meth:`induction`."""
        return Recursion()

    def induction(
        self, label: str, recursion: Recursion, claim: Callable[[Layer], Equation], *, title: str = "", source: str = ""
    ) -> None:
        """Claim a statement about the states of a recursion for every number of layers.

        ``claim`` builds the statement from the states of a layer. It becomes two statements, ``label.base`` and
        ``label.step``; both proved, it holds at every layer (see :mod:`symflow.derivation.induction`).

        >>> from symflow.expr.language import eye
        >>> d = Derivation("A product of rotations is a rotation")
        >>> layers = d.recursion()
        >>> R = layers.parameter("R", d.orthogonal("R", "Q"))
        >>> P = layers.state("P", d.matrix("P", "Q"), start=eye("Q"), following=lambda s: s.R @ s.P)
        >>> d.induction("product", layers, lambda s: s.P.T @ s.P == eye("Q"))
        >>> print(d.check())
        A product of rotations is a rotation
          product.base  proved
          product.step  proved under P.T@P == eye(Q)
        """
        base = recursion.base(claim)
        step, hypotheses, known = recursion.step(claim)
        used = "; ".join(f"{symbol!r} == {value!r}" for symbol, value in known.items())
        self.claim(f"{label}.base", base, title=f"{title}: base of the induction".lstrip(": "), source=source)
        name = f"{title}: step of the induction".lstrip(": ") + (f", with {used} at layer l" if used else "")
        before = list(self.hypotheses)
        self.hypotheses += hypotheses
        self.claim(f"{label}.step", step, title=name, source=source)
        self.hypotheses = before

    def check(self, *, seconds: float = DEFAULT_SECONDS) -> Report:
        """Prove every statement, each within ``seconds``; returns the report."""
        steps = []
        for s in self.statements:
            verdict = self.verdict(s.label, seconds=seconds)
            steps.append(Step(s.label, s.title, s.source, s.equation, verdict, s.hypotheses))
        return Report(self.title, tuple(steps))

    def to_latex(self) -> str:
        """The definitions, hypotheses and statements as LaTeX, for one display, without surrounding dollar signs."""
        from symflow.derivation.typesetting import derivation_to_latex

        return derivation_to_latex(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"
