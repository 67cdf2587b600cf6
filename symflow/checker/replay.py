"""Replaying a certificate: the one function that decides whether a statement is established.

    statement difference + sum of c * context * relation = 0    (formally)

The statement is expanded here, every relation is built here, and nothing else is taken on trust.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import TypeVar

from symflow.checker.bench import Bench
from symflow.checker.certificates import Certificate
from symflow.checker.expansion import Expansion, symbol_head
from symflow.checker.facts import Facts
from symflow.checker.formal import MAX_TERMS, Algebra, Head, Range, Tensor
from symflow.checker.judgements import Judge
from symflow.checker.placing import Product
from symflow.checker.reading import Reader, read_list, read_number
from symflow.checker.relations import RELATIONS
from symflow.errors import CertificateError, LimitError
from symflow.expr.order import Inequality
from symflow.expr.tree import Equation, Symbol

T = TypeVar("T")
MAX_DEPTH = 16  # of sub-entries in sub-entries


def check(
    equation: Equation,
    certificate: Certificate,
    hypotheses: tuple[Equation, ...] = (),
    *,
    deadline: float | None = None,
) -> None:
    """Return if the certificate establishes the equation under the hypotheses; raise CertificateError if not.

    The equation is then true for every dimension, every nonempty data set and all values of its symbols at
    which it and the hypotheses are defined and the hypotheses hold. ``deadline`` is a reading of
    ``time.monotonic()``. Raises LimitError where a bound on size, nesting or time is reached.

    >>> from symflow.expr.language import variable
    >>> A, B = (variable(Symbol(name, "matrix", ("n",))) for name in "AB")
    >>> check((A @ B).T == B.T @ A.T, Certificate((), ()))
    >>> check(A @ B == B @ A, Certificate((), ()))
    Traceback (most recent call last):
    ...
    symflow.errors.CertificateError: 2 terms are left over, such as 1 A(0,2) B(2,1) with outs (0, 1)
    """
    if any(isinstance(relation, Inequality) for relation in (equation, *hypotheses)):
        raise CertificateError("a certificate is of an equation, under equations; an inequality is checked as one")
    try:
        _Replay(hypotheses, equation, deadline).run(certificate)
    except RecursionError:
        raise LimitError("the statement or its certificate is nested too deeply to be checked") from None


class _Replay:
    """One check: the algebra, the facts of the statement, and the lemmas that are established so far."""

    def __init__(self, hypotheses: tuple[Equation, ...], equation: Equation, deadline: float | None) -> None:
        self.algebra = Algebra(deadline)
        symbols = _symbols((equation, *hypotheses))
        facts = Facts()
        expansion = Expansion(self.algebra, facts)
        self.difference = expansion.difference(equation)
        self.hypotheses = [expansion.difference(hypothesis) for hypothesis in hypotheses]
        heads: dict[str, Head] = {n: symbol_head(s) for n, s in symbols.items() if s.kind != "function"}
        functions = frozenset(n for n, s in symbols.items() if s.kind == "function")
        self.reader = Reader(self.algebra, heads, functions)
        judge = Judge(self.algebra, facts, dense=not hypotheses)
        self.lemmas: list[Tensor] = []
        self.depth = 0
        self._built: dict[tuple[object, ...], tuple[object, Tensor]] = {}  # by identity of the parameters, kept alive
        self.bench = Bench(self.algebra, self.reader, judge, self.establish)

    def run(self, certificate: object) -> None:
        """Establish the lemmas in their order, then the statement."""
        lemmas, entries = _fields(certificate, 2, "a certificate (lemmas, entries)")
        for number, lemma in enumerate(read_list(lemmas, "the lemmas")):
            relation, steps = _fields(lemma, 2, "a lemma (relation, entries)")
            tensor = self.reader.argument(relation)
            _located(f"lemma {number}", lambda tensor=tensor, steps=steps: self.establish(tensor, steps))  # type: ignore[misc]
            self.lemmas.append(tensor)
        self.establish(self.difference, entries)

    def establish(self, tensor: Tensor, entries: object) -> None:
        """Raise CertificateError unless the tensor plus the entries is formally zero."""
        if self.depth > MAX_DEPTH:
            raise CertificateError(f"side conditions are nested more than {MAX_DEPTH} deep")
        self.depth += 1
        terms = list(tensor.terms)
        for number, entry in enumerate(read_list(entries, "the entries")):
            terms += _located(f"entry {number}", lambda entry=entry: self._entry(entry, tensor.dims))  # type: ignore[misc]
            if len(terms) > MAX_TERMS:
                raise LimitError(f"the certificate adds up to more than {MAX_TERMS} terms")
        self.depth -= 1
        left = self.algebra.collect(Tensor(tensor.dims, tuple(terms))).terms
        if left:
            raise CertificateError(f"{len(left)} terms are left over, such as {self.algebra.show(left[0])}")

    def _entry(self, entry: object, dims: tuple[Range, ...]) -> list[Product]:
        """The terms of coefficient * context * relation."""
        coefficient, context, schema, parameters, holes = _fields(
            entry, 5, "an entry (coefficient, context, schema, parameters, holes)"
        )
        number = read_number(coefficient)
        relation = self._relation(schema, read_list(parameters, "the parameters"))
        (own, factors, outs), places = self.reader.context(context, dims, holes, relation.dims)
        return self.algebra.inside((own * number, factors, outs), places, relation)

    def _relation(self, schema: object, parameters: tuple[object, ...]) -> Tensor:
        if schema in ("lemma", "hypothesis"):
            known, what = (self.lemmas, "lemma") if schema == "lemma" else (self.hypotheses, "hypothesis")
            if len(parameters) != 1 or type(parameters[0]) is not int or not 0 <= parameters[0] < len(known):
                raise CertificateError(f"{what} needs the number of one that stands earlier; there are {len(known)}")
            return known[parameters[0]]
        build = RELATIONS.get(schema) if isinstance(schema, str) else None
        if build is None:
            raise CertificateError("the name of a relation is needed; see docs/certificates.md for the list")
        wanted = build.__code__.co_argcount - 1  # all but the bench
        if len(parameters) != wanted:
            raise CertificateError(f"{schema} takes {wanted} parameters, {len(parameters)} are given")
        key = (str(schema), *map(id, parameters))
        if key not in self._built:
            self._built[key] = (parameters, _located(str(schema), lambda: build(self.bench, *parameters)))
        return self._built[key][1]


def _located(where: str, action: Callable[[], T]) -> T:
    """Run the action; a CertificateError gets the place in front of its message."""
    try:
        return action()
    except CertificateError as error:
        raise CertificateError(f"{where}: {error}") from None


def _fields(value: object, count: int, what: str) -> tuple[object, ...]:
    if not isinstance(value, tuple) or len(value) != count:
        raise CertificateError(f"{what} is needed")
    return value


def _symbols(equations: tuple[Equation, ...]) -> dict[str, Symbol]:
    """Every symbol by name; one name may not stand for two different symbols."""
    found: dict[str, Symbol] = {}
    for node in chain.from_iterable(side.walk() for e in equations for side in (e.lhs, e.rhs)):
        if node.op in ("symbol", "apply"):
            symbol: Symbol = node.data[0]
            if found.setdefault(symbol.name, symbol) != symbol:
                raise CertificateError(f"the name {symbol.name} stands for two different symbols")
    return found
