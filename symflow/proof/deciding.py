"""Prove or refute a statement: where prover, checker and refuter meet.

*Proved*: the prover found a certificate, the independent checker accepted it, and the independent evaluator found no
point that contradicts it. *Refuted*: a concrete point separates the sides, exactly or in balls. *Undecided*: neither;
the residual and the evidence are said.
"""

from __future__ import annotations

import time

from symflow.checker import check, check_inequality
from symflow.checker.certificates import Certificate
from symflow.errors import CertificateError, KindError, LimitError, UnsupportedError
from symflow.expr.order import Inequality
from symflow.expr.tree import Equation, Expr
from symflow.proof.proving import Attempt, attempt
from symflow.proof.verdicts import Verdict
from symflow.refutation import Counterexample, agrees, search

DEFAULT_SECONDS = 20.0
PROVER_SHARE = 0.6  # of the time limit; the rest is left to the search for a counterexample
GUARD_POINTS = 2
SEARCH_POINTS = 160


def decide(
    equation: Equation,
    hypotheses: tuple[Equation, ...] = (),
    seconds: float = DEFAULT_SECONDS,
    seed: int = 0,
    by: Expr | None = None,
) -> Verdict:
    """Prove the statement in every dimension, or refute it by a concrete point, or say what was tried.

    An inequality is proved through the identity excess = ``by``, where ``by`` is an expression whose form shows that
    it is never negative (:mod:`symflow.checker.signs`); without ``by``, the excess itself must show it.

    Raises KindError where the statement asks for a derivative that is not defined, and for hypotheses that are
    inequalities.

    >>> from symflow.expr.language import eye, variable
    >>> from symflow.expr.tree import Symbol
    >>> R = variable(Symbol("R", "orthogonal", ("Q",)))
    >>> decide(R.T @ R == eye("Q")).status
    'proved'
    >>> decide(R @ R == eye("Q")).status
    'refuted'
    >>> from symflow.expr.language import sqnorm
    >>> u, v = (variable(Symbol(name, "vector", ("n",))) for name in "uv")
    >>> decide(2 * u.T @ v <= sqnorm(u) + sqnorm(v), by=sqnorm(u - v)).status
    'proved'
    """
    start = time.perf_counter()
    if any(isinstance(hypothesis, Inequality) for hypothesis in hypotheses):
        raise KindError(
            "a hypothesis is an equation; assume that a matrix M is positive semidefinite as M == N.T @ N, "
            "and that a number s is nonnegative as s == r**2"
        )
    identity = _identity(equation, by)
    tried = attempt(identity, hypotheses, seconds * PROVER_SHARE)
    if tried.certificate is not None:
        refused = _refused(equation, identity, hypotheses, tried.certificate)
        if refused is None:
            return _confirmed(equation, hypotheses, tried.certificate, start, seed)
        tried = Attempt(
            None, None, f"a derivation was found, but the checker does not accept its certificate: {refused}"
        )
    left = max(0.2, 0.9 * seconds - (time.perf_counter() - start))
    return _search(equation, hypotheses, tried, start, left, seed)


def _identity(equation: Equation, by: Expr | None) -> Equation:
    """The equation to prove: the statement itself, or what an inequality comes down to."""
    if not isinstance(equation, Inequality):
        if by is not None:
            raise KindError("by= is for inequalities: an expression that is never negative")
        return equation
    return Equation(equation.excess, equation.excess if by is None else by)


def _refused(
    equation: Equation, identity: Equation, hypotheses: tuple[Equation, ...], certificate: Certificate
) -> str | None:
    """Why the independent checker does not accept the certificate; None where it does."""
    try:
        if isinstance(equation, Inequality):
            check_inequality(equation, identity.rhs, certificate, hypotheses)
        else:
            check(identity, certificate, hypotheses)
    except (CertificateError, LimitError, UnsupportedError) as error:
        return str(error)
    return None


def _confirmed(
    equation: Equation, hypotheses: tuple[Equation, ...], certificate: Certificate, start: float, seed: int
) -> Verdict:
    """Proved; a point that contradicts it would be reported, never papered over."""
    if not hypotheses and agrees(equation, points=GUARD_POINTS, seed=seed) is False:
        found = search(equation, seed=seed)
        if isinstance(found, Counterexample):
            detail = "refuted by a point although a certificate was accepted: please report this as a defect of symflow"
            return Verdict("refuted", detail, time.perf_counter() - start, counterexample=found)
    size = len(certificate.entries) + sum(len(lemma.entries) for lemma in certificate.lemmas)
    detail = f"certificate of {size} step{'s' if size != 1 else ''} accepted by the independent checker"
    if isinstance(equation, Inequality):
        detail += ", and the sign of what the sides differ by"
    return Verdict("proved", detail, time.perf_counter() - start, certificate=certificate)


def _search(
    equation: Equation, hypotheses: tuple[Equation, ...], tried: Attempt, start: float, seconds: float, seed: int
) -> Verdict:
    found = search(equation, seconds=seconds, points=SEARCH_POINTS, seed=seed, hypotheses=hypotheses)
    if isinstance(found, Counterexample):
        return Verdict(
            "refuted", found.summary(), time.perf_counter() - start, counterexample=found, residual=tried.residual
        )
    detail = f"{tried.reason}; {found.summary()}"
    return Verdict("undecided", detail, time.perf_counter() - start, residual=tried.residual)
