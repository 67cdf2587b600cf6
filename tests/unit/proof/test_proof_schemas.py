"""Each relation schema, used by the prover in a statement of its own and accepted by the checker.

``STATEMENTS`` has one line for every row of the table in docs/certificates.md; a new schema without a statement, or one
that the prover no longer reaches, fails here. Beside each statement stands a slip of it, which must not be proved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from symflow.checker import check
from symflow.checker.certificates import Certificate, Entry
from symflow.claims import parse_statement, scope
from symflow.errors import CertificateError
from symflow.expr.tree import Equation
from symflow.proof import attempt
from symflow.refutation import agrees

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "certificates.md"

SYMBOLS = {
    "s": "scalar",
    "t": "scalar",
    "p": "scalar(positive)",
    "u": "vector(n)",
    "v": "vector(n)",
    "x": "vector(n)[i]",
    "A": "matrix(n)",
    "B": "matrix(n, m)",
    "C": "matrix(m, n)",
    "V": "invertible(n)",
    "W": "invertible(n)",
    "R": "orthogonal(n)",
    "P": "projector(n)",
    "H": "mask(n)",
    "J": "idempotent(n)",
    "S": "positive_definite(n)",
    "D": "positive_diagonal(n)",
    "f": "function",
}

# schema: statement, the wrong right-hand side of a slip
STATEMENTS = {
    "orthogonal-left": ("R.T@R@A == A", "A.T"),
    "orthogonal-right": ("A@R@R.T == A", "A@R"),
    "idempotent": ("J@J@u == J@u", "J.T@u"),
    "inverse-left": ("inv(V)@V@A == A", "V@A"),
    "inverse-right": ("(A + V)@inv(A + V)@u == u", "2*u"),
    "inverse-diagonal": ("inv(diag(exp(u)))@v == hadamard(exp(-u), v)", "hadamard(exp(u), v)"),
    "reciprocal": ("1/(s + t)*(s + t) == 1", "s"),
    "reciprocal-split": ("1/(s*t) == (1/s)*(1/t)", "1/s + 1/t"),
    "square-root": ("sqrt(s)*sqrt(s)*t == s*t", "s*s"),
    "root-split": ("sqrt(p*s) == sqrt(p)*sqrt(s)", "p*sqrt(s)"),
    "root-perfect": ("sqrt(exp(s)**2) == exp(s)", "-exp(s)"),
    "exp-sum": ("exp(s + t) == exp(s)*exp(t)", "exp(s) + exp(t)"),
    "exp-log": ("exp(log(s))*t == s*t", "t"),
    "log-exp": ("log(exp(u)) == u", "2*u"),
    "log-product": ("log(p*exp(s)) == log(p) + s", "log(p)*s"),
    "log-root": ("log(sqrt(s)) == log(s)/2", "log(s)"),
    "log-det": ("log(det(A)) == logdet(A)", "2*logdet(A)"),
    "exp-logdet": ("exp(logdet(S)) == det(S)", "det(S)**2"),
    "step-idempotent": ("hadamard(step(u), step(u)) == step(u)", "u"),
    "step-scale": ("step(p*u) == step(u)", "p*step(u)"),
    "step-mask": ("step(H@u) == H@step(u)", "step(u)"),
    "step-sign": ("step(p) == 1", "p"),
    "step-exclusive": ("step(s)*step(-s) == 0", "step(s)"),
    "step-opposite": ("relu(s) - relu(-s) == s", "-s"),
    "step-off-kink": ("grad(relu(s) + relu(-s), s)**2 == 1", "0"),
    "pythagoras": ("sin(s)**2 + cos(s)**2 == 1", "s"),
    "sine-negate": ("sin(-u) == -sin(u)", "sin(u)"),
    "cosine-negate": ("cos(-u) == cos(u)", "-cos(u)"),
    "tanh-negate": ("tanh(-u) == -tanh(u)", "tanh(u)"),
    "sine-zero": ("sin(0*s) == 0", "1"),
    "cosine-zero": ("cos(0*s) == 1", "0"),
    "tanh-zero": ("tanh(0*s) == 0", "1"),
    "sine-sum": ("sin(s + t) == sin(s)*cos(t) + cos(s)*sin(t)", "sin(s)*cos(t) - cos(s)*sin(t)"),
    "cosine-sum": ("cos(s + t) == cos(s)*cos(t) - sin(s)*sin(t)", "cos(s)*cos(t) + sin(s)*sin(t)"),
    "tanh-exp": ("tanh(s) == (exp(2*s) - 1)/(exp(2*s) + 1)", "(exp(s) - 1)/(exp(s) + 1)"),
    "det-product": ("det(A@V) == det(A)*det(V)", "det(A) + det(V)"),
    "logdet-product": ("logdet(V@W) == logdet(V) + logdet(W)", "logdet(V)"),
    "det-transpose": ("det(A.T) == det(A)", "-det(A)"),
    "logdet-transpose": ("logdet(V.T) == logdet(V)", "-logdet(V)"),
    "det-identity": ("det(eye(n)) == 1", "tr(eye(n))"),
    "logdet-identity": ("logdet(eye(n)) == 0", "1"),
    "det-inverse": ("det(inv(V))*det(V) == 1", "det(V)"),
    "logdet-inverse": ("logdet(inv(V)) == -logdet(V)", "logdet(V)"),
    "det-orthogonal": ("det(R)*det(R) == 1", "det(R)"),
    "logdet-orthogonal": ("logdet(R) == 0", "1"),
    "logdet-scale": ("logdet(p*V) == tr(eye(n))*log(p) + logdet(V)", "log(p) + logdet(V)"),
    "logdet-diagonal": ("logdet(D) == ones(n).T@log(diagpart(D))", "tr(D)"),
    "det-lemma": ("det(V + outer(u, v)) == det(V)*(1 + v.T@inv(V)@u)", "det(V)*(1 + u.T@inv(V)@v)"),
    "det-exchange": ("det(eye(n) + B@C) == det(eye(m) + C@B)", "det(eye(n) + B@B.T)"),
    "logdet-lemma": (
        "logdet(W + outer(u, v)) == logdet(W) + log((1 + v.T@inv(W)@u)**2)/2",
        "logdet(W) + log((1 + u.T@inv(W)@v)**2)/2",
    ),
    "logdet-exchange": ("logdet(eye(n) + B@C) == logdet(eye(m) + C@B)", "logdet(eye(n) + B@B.T)"),
    "congruence": ("f(J@J@u) == f(J@u)", "f(u)"),
    "transpose": ("inv(A.T) == inv(A).T", "inv(A)"),
    "independent": ("exp(u@ones(1, m)) == exp(u)@ones(1, m)", "u@ones(1, m)"),
    "lemma": ("inv(P)@u == u", "P@v"),  # an invertible projector is 1: P inv[P] = 1 and P P = P overlap
}
UNDER_HYPOTHESES = {"hypothesis": ("A@V@V == V@V@A", "A@V", ("A@V == V@A",))}


def statement(text: str) -> Equation:
    return parse_statement(text, scope(SYMBOLS))


def schemas(certificate: Certificate) -> set[str]:
    """Every schema in a certificate, side conditions and lemmas included."""

    def walk(value: object) -> Iterator[str]:
        if isinstance(value, Entry):
            yield value.schema
        if isinstance(value, tuple):
            for part in value:
                yield from walk(part)

    return set(walk(tuple(certificate)))


def documented() -> set[str]:
    """The names in the first column of the table of relations."""
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}


def test_every_schema_has_a_statement() -> None:
    assert len(documented()) > 50
    assert documented() == STATEMENTS.keys() | UNDER_HYPOTHESES.keys()


@pytest.mark.parametrize("schema", STATEMENTS)
def test_schema_is_used_and_its_certificate_accepted(schema: str) -> None:
    equation = statement(STATEMENTS[schema][0])
    tried = attempt(equation)
    assert tried.certificate is not None, tried.residual
    assert schema in schemas(tried.certificate)
    check(equation, tried.certificate)
    assert agrees(equation, seed=5) is not False


@pytest.mark.parametrize("schema", STATEMENTS)
def test_certificate_establishes_no_slip(schema: str) -> None:
    text, wrong = STATEMENTS[schema]
    right = attempt(statement(text)).certificate
    slip = statement(f"{text.partition(' == ')[0]} == {wrong}")
    assert attempt(slip).certificate is None
    assert right is not None
    with pytest.raises(CertificateError):
        check(slip, right)


@pytest.mark.parametrize("schema", STATEMENTS)
def test_certificate_without_an_entry_is_refused(schema: str) -> None:
    equation = statement(STATEMENTS[schema][0])
    certificate = attempt(equation).certificate
    assert certificate is not None
    for k in range(len(certificate.entries)):
        with pytest.raises(CertificateError):
            check(equation, certificate._replace(entries=certificate.entries[:k] + certificate.entries[k + 1 :]))


@pytest.mark.parametrize("schema", UNDER_HYPOTHESES)
def test_hypothesis_is_used(schema: str) -> None:
    text, wrong, given = UNDER_HYPOTHESES[schema]
    equation, hypotheses = statement(text), tuple(map(statement, given))
    certificate = attempt(equation, hypotheses).certificate
    assert certificate is not None
    assert schema in schemas(certificate)
    check(equation, certificate, hypotheses)
    with pytest.raises(CertificateError):
        check(equation, certificate)
    assert attempt(equation).certificate is None
    assert attempt(statement(f"{text.partition(' == ')[0]} == {wrong}"), hypotheses).certificate is None
