"""The true statements that mutants are made from: sample claims, derivations, and the project's own vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from symflow.claims import load as load_claims
from symflow.derivation import load as load_derivations
from symflow.derivation import statements as of_derivations
from symflow.derivation.induction import Induction
from symflow.expr.order import Inequality
from symflow.expr.tree import Equation, Expr

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT.parent / "shared" / "claims" / "true.toml"
VECTORS = ROOT / "tests" / "vectors"


@dataclass(frozen=True)
class Statement:
    """A true statement, where it comes from, and what it is claimed under.

    ``hypotheses`` holds the equations of its lemmas too: they are given, proved or not. An inequality comes with what
    its excess equals; a theorem for every number of layers comes with its induction, and is mutated as a whole.
    """

    name: str
    equation: Equation
    hypotheses: tuple[Equation, ...] = ()
    by: Expr | None = None
    induction: Induction | None = None

    @property
    def file(self) -> str:
        """The file that it stands in, without its ending."""
        return self.name.partition("/")[0]

    @property
    def nonnegative(self) -> Expr | None:
        """Of an inequality: the expression whose form shows its sign."""
        if not isinstance(self.equation, Inequality):
            return None
        return self.equation.excess if self.by is None else self.by


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
    """Every statement of every derivation: equations, inequalities, bases, steps, and theorems for every depth."""
    for path in sorted((ROOT / "derivations").glob("*.py")):
        for derivation in load_derivations(path):
            for statement in derivation.everything():
                yield from_derivation(f"{path.stem}/{statement.label}", statement)


def from_derivation(name: str, statement: of_derivations.Statement) -> Statement:
    """A statement of a derivation under its own hypotheses and lemmas."""
    given = (*statement.hypotheses, *(lemma.equation for lemma in statement.lemmas))
    return Statement(name, statement.equation, given, statement.by, statement.induction)


def vectors() -> Iterator[Statement]:
    """The true claims of the project's own vectors: every file whose name does not say that they are false."""
    for path in sorted(VECTORS.rglob("*.toml")):
        if "false" not in path.relative_to(VECTORS).as_posix():
            yield from claims(path)
