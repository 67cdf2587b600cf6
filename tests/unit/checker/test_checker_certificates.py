"""Certificates: those written by hand are accepted, and none of their corruptions ever proves something false."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hand_written import arg, atom, entry, letter, mono, mutations, proof, term
from statements import ONE, TRUE, A, B, Hi, P, R, S, n, s, x, xi, y

from symflow.checker.certificates import Certificate, Lemma
from symflow.checker.replay import check
from symflow.errors import CertificateError, LimitError
from symflow.expr.language import (
    comm,
    datasum,
    det,
    diag,
    diagpart,
    dot,
    exp,
    eye,
    grad,
    inv,
    jac,
    liegrad,
    logdet,
    ones,
    relu,
    step,
    sym,
    tr,
    zeros,
)
from symflow.expr.tree import Equation, FunctionSymbol, Symbol

EMPTY = proof()
K, G = letter("K", "antisymmetric", n), letter("S", "symmetric", n)
f = FunctionSymbol(Symbol("f", "function"))

FORMAL = [
    (tr(A @ B) == tr(B @ A), tr(A @ B) == tr(A @ B.T)),
    (x.T @ K @ x == 0 * s, x.T @ G @ x == 0 * s),
    (x.T @ G @ y == y.T @ G @ x, x.T @ A @ y == y.T @ A @ x),
    (diagpart(K) == zeros(n), diagpart(G) == zeros(n)),
    (tr(K @ G) == 0 * s, tr(K @ A) == 0 * s),
    (tr(K @ K @ K) == 0 * s, tr(K @ K) == 0 * s),
    (grad(x.T @ A @ x, x) == (A + A.T) @ x, grad(x.T @ A @ x, x) == 2 * A @ x),
    (grad(x.T @ G @ x, x) == 2 * G @ x, grad(x.T @ G @ x, x) == G @ x),
    (grad(tr(A @ B), A) == B.T, grad(tr(A @ B), A) == B),
    (grad(dot(G, A), G) == sym(A), grad(dot(G, A), G) == A),
    (grad(dot(K, A), K) == (A - A.T) / 2, grad(dot(K, A), K) == A - A.T),
    (jac(diag(x) @ x, x) == 2 * diag(x), jac(diag(x) @ x, x) == diag(x)),
    (liegrad(tr(R @ A), R) == (A.T @ R.T - R @ A) / 2, liegrad(tr(R @ A), R) == (R @ A - A.T @ R.T) / 2),
    (comm(A, comm(B, R)) + comm(B, comm(R, A)) == comm(comm(A, B), R), comm(A, comm(B, R)) == comm(comm(A, B), R)),
    (tr(eye(n)) * s == dot(ones(n), ones(n)) * s, tr(eye(n)) * s == s),
    (
        datasum(dot(xi, y), "i") ** 2 == y.T @ datasum(xi, "i") @ datasum(xi, "i").T @ y,
        datasum(dot(xi, y), "i") ** 2 == datasum(dot(xi, y) ** 2, "i"),
    ),
    (grad(dot(ones(n), f(A @ x)), x) == A.T @ f.d(A @ x), grad(dot(ones(n), f(A @ x)), x) == A @ f.d(A @ x)),
    (grad(logdet(A), A) == inv(A).T, grad(logdet(A), A) == inv(A)),
    (grad(det(A), A) == det(A) * inv(A).T, grad(det(A), A) == inv(A).T),
    (exp(x + y) == exp(y + x), exp(x + y) == exp(x)),
    (inv(A + A.T) == inv(A.T + A).T, inv(A + B) == inv(A + B).T),
]


@pytest.mark.parametrize("number", range(len(FORMAL)))
def test_formal_identities_need_no_entries(number: int) -> None:
    true, false = FORMAL[number]
    check(true, EMPTY)
    with pytest.raises(CertificateError, match="left over"):
        check(false, EMPTY)


@pytest.mark.parametrize("name", TRUE)
def test_hand_written_certificate(name: str) -> None:
    statement, certificate, false = TRUE[name]
    check(statement, certificate)
    with pytest.raises(CertificateError):
        check(false, certificate)
    if certificate.entries:
        with pytest.raises(CertificateError, match="left over"):
            check(statement, EMPTY)


@pytest.mark.parametrize("name", TRUE)
def test_corrupted_certificates(name: str) -> None:
    """Any single change gives an orderly refusal, or still a proof of the true statement, never of the false one."""
    statement, certificate, false = TRUE[name]
    refused = total = 0
    for corrupted in mutations(certificate):
        with pytest.raises((CertificateError, LimitError)):
            check(false, corrupted)
        total += 1
        try:
            check(statement, corrupted)
        except (CertificateError, LimitError):
            refused += 1
    assert refused >= 0.8 * total


@pytest.mark.parametrize("name", TRUE)
def test_every_coefficient_counts(name: str) -> None:
    statement, certificate, _ = TRUE[name]
    for k, one in enumerate(certificate.entries):
        for c in (0, -one.coefficient, one.coefficient + Fraction(1, 7)):
            entries = (*certificate.entries[:k], one._replace(coefficient=Fraction(c)), *certificate.entries[k + 1 :])
            with pytest.raises(CertificateError, match="left over"):
                check(statement, Certificate(certificate.lemmas, entries))


def test_hypotheses() -> None:
    given = A @ x == y
    certificate = proof(entry(-1, term((0,), (B, (0, 1))), "hypothesis", (0,), (1,)))
    check(B @ A @ x == B @ y, certificate, (given,))
    for hypotheses in ((), (B @ x == y,)):
        with pytest.raises(CertificateError):
            check(B @ A @ x == B @ y, certificate, hypotheses)


def test_hypotheses_forbid_the_density_argument() -> None:
    statement, certificate, _ = TRUE["euler for det"]
    with pytest.raises(CertificateError, match="derivative of a determinant"):
        check(statement, certificate, (det(A) == 0 * s,))
    with pytest.raises(CertificateError, match="derivative of a determinant"):
        check(statement.lhs + relu(s) == statement.rhs + relu(s), certificate)
    check(statement.lhs + relu(s) + tr(inv(A)) == statement.rhs + relu(s) + tr(inv(A)), certificate)


def test_a_lemma_may_not_lean_on_a_later_one() -> None:
    zero = arg((n,), (1, term((0,), (x, (0,)))), (-1, term((0,), (y, (0,)))))
    use = entry(-1, term((0,)), "lemma", (0,), (0,))
    with pytest.raises(CertificateError, match="lemma 0: entry 0: lemma needs the number"):
        check(x == y, Certificate((Lemma(zero, (use,)),), (use,)))
    with pytest.raises(CertificateError):
        check(
            x == y,
            Certificate((Lemma(zero, (entry(-1, term((0,)), "lemma", (1,), (0,)),)), Lemma(zero, (use,))), (use,)),
        )


def test_symbols_are_those_of_the_statement() -> None:
    other = ("sym", "A", "orthogonal", (n,), False)
    certificate = proof(entry(-1, term((0,), (x, (1,))), "orthogonal-left", (other,), (0, 1)))
    with pytest.raises(CertificateError, match="not a symbol of the statement"):
        check(A.T @ A @ x == x, certificate)
    with pytest.raises(CertificateError, match="orthogonal-left: A is matrix"):
        check(A.T @ A @ x == x, proof(entry(-1, term((0,), (x, (1,))), "orthogonal-left", (atom(A),), (0, 1))))
    with pytest.raises(CertificateError, match="two different symbols"):
        check(A.T @ A @ x == letter("A", "orthogonal", n) @ x, EMPTY)


def test_ranges_must_agree() -> None:
    M, z = letter("M", "matrix", n, "m"), letter("z", "vector", "m")
    e = M @ z + P @ x
    fits = entry(0, term((0,), (M, (0, 1)), (z, (1,)), (P, (2, 3))), "idempotent", (atom(P),), (2, 3))
    check(Equation(e, e), proof(fits))
    for factors, holes in [
        (((M, (0, 1)), (x, (1,))), (2, 3)),  # a factor against a factor
        (((z, (0,)),), (2, 3)),  # a factor against an out
        (((z, (2,)),), (2, 3)),  # a factor against a hole
    ]:
        with pytest.raises(CertificateError, match="ranges over"):
            check(Equation(e, e), proof(entry(0, term((0,), *factors), "idempotent", (atom(P),), holes)))
    with pytest.raises(CertificateError, match="holes"):
        check(Equation(e, e), proof(fits._replace(holes=(2,))))


def test_sum_over_the_data_without_weight_is_refused() -> None:
    e = datasum(Hi @ xi, "i")
    with pytest.raises(CertificateError, match="sum over the data"):
        check(Equation(e, e), proof(entry(0, term((0,)), "cosine-zero", ((None,),), (1,))))
    check(Equation(e, e), proof(entry(0, term((0,), (("weight",), (1,))), "cosine-zero", ((None,),), (1,))))


def test_deadline_and_size() -> None:
    with pytest.raises(LimitError, match="time"):
        check(Equation(A, A), EMPTY, deadline=time.monotonic() - 1)
    big = sum((letter(f"a{k}", "scalar") for k in range(40)), s)
    with pytest.raises(LimitError, match="terms"):
        check(big**5 == s, EMPTY)
    deep = s
    for _ in range(3000):
        deep = -deep
    with pytest.raises(LimitError, match="nested too deeply"):
        check(deep == s, EMPTY)


def test_deeply_nested_certificates_are_refused() -> None:
    deep = S
    for _ in range(5000):
        deep = mono((), (), (("exp", deep), ()))
    with pytest.raises(CertificateError, match="nested"):
        check(Equation(s, s), proof(entry(0, ONE, "log-exp", (deep,), ())))
    sub = ()
    for _ in range(200):
        sub = (entry(1, ONE, "congruence", (("exp",), S, S, sub), ()),)
    with pytest.raises(CertificateError, match="nested"):
        check(Equation(s, s), Certificate((), sub))


def test_a_product_with_many_symmetries_is_decided_or_refused_quickly() -> None:
    start = time.monotonic()
    chains = dot(A @ x, B @ y) ** 8
    check(chains == (y.T @ B.T @ A @ x) ** 8, EMPTY)
    bundle = diag(A @ x) ** 5 @ ones(n)
    check(bundle == diag(A @ x) ** 5 @ ones(n), EMPTY)
    assert time.monotonic() - start < 5


def test_statement_with_its_domain() -> None:
    """Reciprocals need the statement to say that their argument does not vanish."""
    check(s / s == 1 + 0 * s, proof(entry(-1, ONE, "reciprocal", (S,), ())))
    with pytest.raises(CertificateError, match="not known to be nonzero"):
        check(step(s) == step(s), proof(entry(0, ONE, "reciprocal", (S,), ())))
