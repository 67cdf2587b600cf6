"""The true statements that mutants are made from: sample claims, derivations, and the project's own vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from symflow.claims import load as load_claims
from symflow.derivation import load as load_derivations
from symflow.expr.tree import Equation

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT.parent / "shared" / "claims" / "true.toml"
VECTORS = ROOT / "tests" / "vectors"


@dataclass(frozen=True)
class Statement:
    """A true statement, where it comes from, and the hypotheses it is claimed under."""

    name: str
    equation: Equation
    hypotheses: tuple[Equation, ...] = ()


def samples() -> Iterator[Statement]:
    """The sample claims beside the checkout; none where it stands alone."""
    if SAMPLES.is_file():
        yield from claims(SAMPLES)


def claims(path: Path) -> Iterator[Statement]:
    """The claims of a file, which must all be well-formed."""
    for claim in load_claims(path).claims:
        assert claim.equation is not None, f"{path.name}: {claim.id}: {claim.error}"
        yield Statement(f"{path.stem}/{claim.id}", claim.equation)


def derivations() -> Iterator[Statement]:
    """Every statement of every derivation of the project."""
    for path in sorted((ROOT / "derivations").glob("*.py")):
        for derivation in load_derivations(path):
            for statement in derivation.statements:
                yield Statement(f"{path.stem}/{statement.label}", statement.equation, tuple(derivation.hypotheses))


def vectors() -> Iterator[Statement]:
    """The true claims of the project's own vectors: every file whose name does not say that they are false."""
    for path in sorted(VECTORS.rglob("*.toml")):
        if "false" not in path.relative_to(VECTORS).as_posix():
            yield from claims(path)
