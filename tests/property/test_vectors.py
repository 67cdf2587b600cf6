"""Committed statements with known truth: what holds is proved, what does not is refuted.

The vectors are plain claims files, so ``symflow check tests/vectors/true_claims.toml`` says the same. ``OPEN`` holds
the true ones that the prover does not reach: they are undecided, and one that is proved has to leave the list.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from symflow.claims import Claim, load
from symflow.proof import decide

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"
SAMPLES = ROOT.parent / "shared" / "claims"
SECONDS = 20.0

OPEN: frozenset[str] = frozenset({
    "cookbook-det-scale", "bracket-cayley-2d", "bracket-cayley-hamilton", "projector-mask-det", "projector-det-log",
    "woodbury-trace", "rational-abs", "edge-mask-invertible",
    "edge-logdet-abs", "edge-logdet-exchange", "edge-det-neg-square", "edge-det-schur", "edge-sqrt-recip",
    "edge-step-not", "edge-step-posdiag", "edge-mask-split", "edge-mask-function",
    "edge-mask-function-2", "edge-step-function", "edge-mask-exp", "edge-one-orthogonal", "edge-one-idempotent",
    "edge-one-projector", "edge-one-pd", "edge-one-liegrad", "edge-two-skew", "edge-two-sym", "edge-two-inverse",
    "edge-two-skew-square", "edge-three-skew-det", "edge-three-skew-cube", "edge-exp-transpose",
    "edge-det-zero-grad", "edge-one-skew",
})  # fmt: skip


@cache
def areas(path: Path) -> dict[str, list[Claim]]:
    """The claims of a file by the first word of their ids."""
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in load(path).claims:
        found[claim.id.partition("-")[0]].append(claim)
    return dict(found)


def verdict(claim: Claim) -> str:
    """The status that the claim gets; a malformed vector fails here."""
    assert claim.equation is not None, f"{claim.id}: {claim.error}"
    return decide(claim.equation, seconds=SECONDS).status


def expect(claims: list[Claim], wanted: str) -> None:
    """Every claim gets the wanted verdict, but for the open ones, which are undecided."""
    wrong = []
    for claim in claims:
        status = verdict(claim)
        if claim.id in OPEN and status == wanted:
            wrong.append(f"{claim.id} is {status} now: take it off OPEN")
        elif status != ("undecided" if claim.id in OPEN else wanted):
            wrong.append(f"{claim.id} is {status}: {claim.statement}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("area", sorted(areas(VECTORS / "true_claims.toml")))
def test_true_claims_are_proved(area: str) -> None:
    expect(areas(VECTORS / "true_claims.toml")[area], "proved")


@pytest.mark.parametrize("area", sorted(areas(VECTORS / "false_claims.toml")))
def test_false_claims_are_refuted(area: str) -> None:
    expect(areas(VECTORS / "false_claims.toml")[area], "refuted")


@pytest.mark.parametrize(("name", "wanted"), [("true", "proved"), ("false", "refuted")])
def test_sample_claims(name: str, wanted: str) -> None:
    path = SAMPLES / f"{name}.toml"
    if not path.is_file():
        pytest.skip(f"the sample claims are not at {path}")
    expect(list(load(path).claims), wanted)


def test_the_files_do_not_overlap() -> None:
    """Every claim is well formed, and no id and no statement is in both files."""
    true, false = (load(VECTORS / f"{name}_claims.toml").claims for name in ("true", "false"))
    assert not [str(claim.error) for claim in (*true, *false) if claim.error is not None]
    assert {claim.id for claim in true}.isdisjoint({claim.id for claim in false})
    assert {claim.equation for claim in true}.isdisjoint({claim.equation for claim in false})
    assert {claim.id for claim in true} >= OPEN
