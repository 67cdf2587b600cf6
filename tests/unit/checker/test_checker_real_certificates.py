"""Certificates of the prover: accepted as they are, refused when one entry is missing or counted wrongly."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from symflow.checker import check
from symflow.checker.certificates import Certificate, Entry
from symflow.claims import load
from symflow.errors import CertificateError, LimitError
from symflow.expr.tree import Equation
from symflow.proof.proving import attempt

CLAIMS = Path(__file__).parents[3].parent / "shared" / "claims" / "true.toml"
SECONDS = 5.0  # for a proof; a claim that takes longer is left to the prover's own tests
CORRUPTIONS = 12  # entries of one list that are tampered with

needs_claims = pytest.mark.skipif(
    not CLAIMS.exists(), reason=f"there are no claims at {CLAIMS.name} beside the checkout"
)


@pytest.fixture(scope="module")
def proved() -> list[tuple[str, Equation, Certificate]]:
    """The claims for which the prover finds a certificate in time."""
    found = []
    for claim in load(CLAIMS).claims:
        if claim.equation is not None:
            certificate = attempt(claim.equation, (), SECONDS).certificate
            if certificate is not None:
                found.append((claim.id, claim.equation, certificate))
    return found


@needs_claims
def test_certificates_of_the_prover_are_accepted(proved: list[tuple[str, Equation, Certificate]]) -> None:
    assert {"B3", "B5"} <= {name for name, _, _ in proved} and len(proved) > 20
    for name, equation, certificate in proved:
        try:
            check(equation, certificate)
        except (CertificateError, LimitError) as error:
            pytest.fail(f"{name}: {error}")


@needs_claims
def test_each_entry_counts(proved: list[tuple[str, Equation, Certificate]]) -> None:
    rng = random.Random(5)
    refused = 0
    for name, equation, certificate in proved:
        for what, corrupted in corruptions(certificate, rng):
            assert not accepted(equation, corrupted), f"{name} is accepted {what}"
            refused += 1
    assert refused > 50


def accepted(equation: Equation, certificate: Certificate) -> bool:
    try:
        check(equation, certificate)
    except (CertificateError, LimitError):
        return False
    return True


def corruptions(certificate: Certificate, rng: random.Random) -> Iterator[tuple[str, Certificate]]:
    """A few certificates with one entry dropped, or with another coefficient; none of those that add nothing."""
    for number, entries in [(None, certificate.entries), *enumerate(lemma.entries for lemma in certificate.lemmas)]:
        counting = [k for k, entry in enumerate(entries) if entry.coefficient]
        for k in rng.sample(counting, min(CORRUPTIONS, len(counting))):
            where = f"entry {k}" if number is None else f"entry {k} of lemma {number}"
            dropped = (*entries[:k], *entries[k + 1 :])
            yield f"without {where}", _with(certificate, number, dropped)
            factor = rng.choice([Fraction(-1), Fraction(2), Fraction(6, 7)])
            changed = entries[k]._replace(coefficient=entries[k].coefficient * factor)
            yield f"with {where} times {factor}", _with(certificate, number, (*entries[:k], changed, *entries[k + 1 :]))


def _with(certificate: Certificate, number: int | None, entries: tuple[Entry, ...]) -> Certificate:
    """The certificate with other entries, of itself or of the lemma with this number."""
    if number is None:
        return certificate._replace(entries=entries)
    lemmas = list(certificate.lemmas)
    lemmas[number] = lemmas[number]._replace(entries=entries)
    return certificate._replace(lemmas=tuple(lemmas))
