"""A derivation as a person writes it: symbols, definitions, hypotheses, claims, chains of equalities.

Nothing is proved while it is written; :meth:`Derivation.check` proves each step in order and returns a report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from symflow.derivation.borrowing import borrow, from_file, require_states_apart, theorem
from symflow.derivation.induction import Induction, Layer, Recursion
from symflow.derivation.judging import judge, judge_induction
from symflow.derivation.reports import Report, Step
from symflow.derivation.scope import scope
from symflow.derivation.statements import Lemma, Statement
from symflow.errors import KindError, ShapeError
from symflow.expr.language import variable
from symflow.expr.order import Inequality
from symflow.expr.tree import Equation, Expr, FunctionSymbol, Symbol, lift
from symflow.proof import Verdict

__all__ = ["Derivation", "Lemma", "Statement"]

DEFAULT_SECONDS = 20.0


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
        self.grounds: list[Lemma] = []  # theorems about the states that symbols stand for
        self.inductions: dict[str, Induction] = {}
        self.meanings: dict[str, tuple[object, ...]] = {}  # which state of which recursion a symbol stands for
        self.file = ""  # where it was loaded from
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
        if isinstance(hypothesis, Inequality):
            raise KindError(
                "a hypothesis is an equation: a number s is nonnegative if s == r**2 for some r; "
                "for matrices there is Derivation.semidefinite"
            )
        self.hypotheses.append(hypothesis)

    def semidefinite(self, matrix: Expr, *, root: str) -> Expr:
        """Assume that a symmetric matrix is positive semidefinite: it is N.T @ N for some matrix N, named ``root``.

        Every such matrix has a root and every N.T @ N is such a matrix, so nothing more is assumed. Returns N.
        """
        if root in self.symbols:
            raise KindError(f"{root} is a symbol already; a root that is to be any matrix needs a name of its own")
        N = self.matrix(root, matrix.shape[0])
        self.assume(matrix == N.T @ N)
        return N

    def lemma(
        self, label: str, *, of: Derivation | str | None = None, values: Mapping[Expr, Expr] | None = None
    ) -> Equation:
        """Use a statement by its label in every later step, of this derivation or of another one.

        ``of`` is the derivation, or the name of a derivation file in the same folder. ``values`` puts expressions of
        this derivation in the place of the lemma's symbols; each must be of the symbol's kind. A step that may use a
        lemma is proved only if the lemma is. Returns the equation as it is used.

        A lemma that holds under hypotheses is used under the same ones. A theorem for every number of layers speaks
        of the states of its recursion: the symbols that are put in their place stand for these states, at some layer,
        from here on, and the theorem is listed as a hypothesis about them.

        >>> from symflow.expr.language import eye
        >>> first = Derivation("Rotations")
        >>> R = first.orthogonal("R", "Q")
        >>> first.claim("inverse", R.T @ R == eye("Q"))
        >>> second = Derivation("Uses it")
        >>> S = second.orthogonal("S", "Q")
        >>> second.lemma("inverse", of=first, values={R: S})
        S.T@S == eye(Q)
        """
        home = from_file(of, label) if isinstance(of, str) else (of or self)
        return borrow(self, home, label, values or {})

    def statement(self, label: str) -> Statement:
        """The statement with a label; that of an induction is its theorem at layer l."""
        for statement in self.everything():
            if statement.label == label:
                return statement
        known = ", ".join(statement.label for statement in self.everything()) or "none"
        raise KindError(f"{self.title} has no statement {label!r}; it has: {known}")

    def everything(self) -> list[Statement]:
        """The statements in order, and after the step of each induction the theorem that it proves."""
        theorems = {i.parts[1]: i for i in self.inductions.values()}
        found = []
        for statement in self.statements:
            found.append(statement)
            induction = theorems.get(statement.label)
            if induction is not None:
                found.append(induction.theorem(statement))
        return found

    def verdict(self, label: str, *, seconds: float = DEFAULT_SECONDS) -> Verdict:
        """The verdict of a statement, decided once; proved only if every lemma that it may use is."""
        if label not in self._verdicts:
            statement = self.statement(label)
            if statement.induction is not None:
                verdict = judge_induction(statement.induction, lambda part: self.verdict(part, seconds=seconds))
            else:
                verdict = judge(statement, seconds=seconds)
            self._verdicts[label] = verdict
        return self._verdicts[label]

    def claim(
        self, label: str, equation: Equation, *, title: str = "", source: str = "",
        by: Expr | int | None = None, rests_on: Sequence[str] = (),
        confirm: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
    ) -> None:  # fmt: skip
        """Claim an equation, or an inequality between numbers.

        ``by``: of an inequality a >= b, what a - b equals, in a form that is seen never to be negative; the equality
        is proved. Without it a - b itself must be of such a form. ``rests_on``: labels of earlier statements that say
        what the symbols here are, those of other files as ``"file.py:label"``; without them proved, this one is not.
        ``confirm`` says how to compare the statement with the original network, once or several times.

        >>> from symflow.expr.language import sqnorm
        >>> d = Derivation("Cauchy and Schwarz, with squares")
        >>> u, v = d.vector("u", "n"), d.vector("v", "n")
        >>> d.claim("cross", 2 * u.T @ v <= sqnorm(u) + sqnorm(v), by=sqnorm(u - v))
        >>> print(d.check())
        Cauchy and Schwarz, with squares
          cross  proved
        """
        if not isinstance(equation, Equation):
            raise KindError(f"{label}: a claim is an equation, lhs == rhs; got {type(equation).__name__}")
        if by is not None and not isinstance(equation, Inequality):
            raise KindError(f"{label}: by= is for inequalities, lhs >= rhs; this is an equation")
        if any(label == statement.label for statement in self.everything()):
            raise KindError(f"the label {label} is used twice")
        if equation.lhs.free or equation.rhs.free:
            free = min(equation.lhs.free | equation.rhs.free)
            raise KindError(
                f"{label} has the free data index {free}: sum over it with datasum(…, {free!r}), "
                "or declare the symbols without over= to state it for one data point"
            )
        self._add(label, equation, title, source, by, rests_on, confirm)

    def _add(
        self, label: str, equation: Equation, title: str, source: str, by: Expr | int | None = None,
        rests_on: Sequence[str] = (), confirm: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
    ) -> None:  # fmt: skip
        """Add a statement, which may have a free data index: then it is claimed for every data point."""
        for what, text in (("a label", label), ("a title", title), ("a source", source)):
            if not isinstance(text, str):
                raise KindError(f"{label}: {what} is text; got {text!r}")
        require_states_apart(label, equation, self.grounds)
        hypotheses = tuple(self.hypotheses)
        specs = (confirm,) if isinstance(confirm, Mapping) else tuple(confirm)
        lemmas = tuple(self.lemmas)
        ground = (*(theorem(self, name) for name in rests_on), *self.grounds)
        self.statements.append(
            Statement(
                label, equation, title, source or self.source, specs, hypotheses, lemmas, ground,
                None if by is None else lift(by),
            )
        )  # fmt: skip

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
        self, label: str, recursion: Recursion, claim: Callable[[Layer], Equation], *, title: str = "",
        source: str = "", confirm: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
    ) -> None:  # fmt: skip
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
          product       proved
        """
        self._require_free(label, recursion)
        base = recursion.base(claim)
        step, hypotheses, known = recursion.step(claim)
        used = "; ".join(f"{symbol!r} == {value!r}" for symbol, value in known.items())
        self._add(f"{label}.base", base, f"{title}: base of the induction".lstrip(": "), source)
        name = f"{title}: step of the induction".lstrip(": ") + (f", with {used} at layer l" if used else "")
        before = list(self.hypotheses)
        self.hypotheses += hypotheses
        self._add(f"{label}.step", step, name, source)
        self.hypotheses = before
        theorem = claim(recursion.here())
        specs = (confirm,) if isinstance(confirm, Mapping) else tuple(confirm)
        self.inductions[label] = Induction(label, title, source or self.source, recursion, theorem, specs)

    def _require_free(self, label: str, recursion: Recursion) -> None:
        """The states at a general layer are arbitrary: no hypothesis may speak of them already."""
        if any(label == statement.label for statement in self.everything()):
            raise KindError(f"the label {label} is used twice")
        for hypothesis in self.hypotheses:
            for symbol in hypothesis.symbols().values():
                if recursion.owner(symbol) is not None:
                    raise KindError(
                        f"{label}: {symbol.name} is a state or parameter of the recursion, at every layer another; "
                        f"the hypothesis {hypothesis!r} about it was made before"
                    )

    def check(self, *, seconds: float = DEFAULT_SECONDS) -> Report:
        """Prove every statement, each within ``seconds``; returns the report."""
        steps = []
        for s in self.everything():
            verdict = self.verdict(s.label, seconds=seconds)
            steps.append(Step(s.label, s.title, s.source, s.equation, verdict, s.hypotheses, scope(s, verdict)))
        return Report(self.title, tuple(steps))

    def to_latex(self) -> str:
        """The definitions, hypotheses and statements as LaTeX, for one display, without surrounding dollar signs."""
        from symflow.derivation.typesetting import derivation_to_latex

        return derivation_to_latex(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"
