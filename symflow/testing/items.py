"""Files and items of the pytest plugin: one item a claim, and failures as a person wants to read them.

The prover is imported when the first claim is decided: what collects claims files need not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from symflow.errors import SymflowError


class UnprovedError(SymflowError, AssertionError):
    """A claim that was not proved; the message is the whole report."""


class Decided(Protocol):
    """A claim with its verdict, of either kind of file."""

    @property
    def verdict(self) -> str:
        """``proved``, ``refuted``, ``undecided`` or ``error``."""

    @property
    def statement(self) -> str:
        """What is claimed."""

    @property
    def detail(self) -> str:
        """How it was proved, or what is wrong."""

    @property
    def residual(self) -> str | None:
        """What is left of the difference of the sides."""

    @property
    def counterexample(self) -> Mapping[str, Any] | None:
        """Plain data, when refuted."""

    @property
    def pasteable(self) -> str:
        """The counterexample as lines of Python."""


class _Readable(pytest.Collector):
    """A file of ours: its problems are shown without a Python traceback."""

    def repr_failure(  # type: ignore[override]  # pytest gives collectors no style, unlike nodes in general
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """The message alone where symflow complains; pytest's report for anything else."""
        return str(excinfo.value) if isinstance(excinfo.value, SymflowError) else super().repr_failure(excinfo)


class ClaimsCollector(_Readable, pytest.File):
    """A claims file; reading one runs no code."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item a claim, malformed ones too."""
        from symflow.claims.files import load

        for claim in load(self.path).claims:
            yield ClaimItem.from_parent(self, name=claim.id, claim=claim)


class DerivationCollector(_Readable, pytest.File):
    """A derivation file; it is run to know its statements, as pytest runs a module of tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item a statement, in the order of the file."""
        from symflow.derivation.files import load

        statements = [(d, statement) for d in load(self.path) for statement in d.everything()]
        for place, (derivation, statement) in enumerate(statements):
            title = statement.title or derivation.title
            yield StatementItem.from_parent(self, name=statement.label, place=place, title=title)


class _CheckedItem(pytest.Item):
    """An item that passes when its claim is proved."""

    title = ""

    def decide(self) -> Decided:
        """Decide the claim."""
        raise NotImplementedError

    def runtest(self) -> None:
        """Pass, or raise the report."""
        found = self.decide()
        self.user_properties.append(("verdict", found.verdict))
        self.user_properties.append(("statement", found.statement))
        if found.verdict != "proved":
            raise UnprovedError(report(self.name, self.title, found))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone where symflow complains; pytest's report for anything else."""
        return str(excinfo.value) if isinstance(excinfo.value, SymflowError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """File and name, for headings."""
        return self.path, None, self.name


class ClaimItem(_CheckedItem):
    """One claim of a claims file, decided in a process of its own within its limits."""

    def __init__(self, *, claim: Any, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.claim = claim
        self.title = claim.title

    def decide(self) -> Decided:
        """Decide the claim; a malformed one has the verdict ``error``."""
        from symflow.claims.running import run_claims

        (outcome,) = run_claims([self.claim], seconds=self.config.getoption("symflow_timeout"))
        return outcome


class StatementItem(_CheckedItem):
    """One statement of a derivation, proved and confirmed."""

    def __init__(self, *, place: int, title: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.place, self.title = place, title

    def decide(self) -> Decided:
        """Decide the statement at its place in the file, whatever others are called."""
        from symflow.confirm.checking import load_and_check

        places = iter(range(self.place + 1))
        found = list(
            load_and_check(
                self.path, seconds=self.config.getoption("symflow_timeout"),
                select=lambda _: next(places, None) == self.place,
                confirm=self.config.getoption("symflow_confirm"),
            )
        )  # fmt: skip
        if len(found) != 1:
            raise UnprovedError(f"{self.name}: {self.path.name} made other statements when it was run again")
        return found[0]


def report(name: str, title: str, found: Decided) -> str:
    """What is shown of a claim that is not proved.

    Verdict and statement, what was tried, the residual, and the counterexample as lines to paste.
    """
    lines = [f"{found.verdict}: {name}" + (f" ({title})" if title else "")]
    if found.statement:
        lines.append(f"statement: {found.statement}")
    lines += [line.rstrip() for line in found.detail.split("\n") if line.strip()]
    if found.residual:
        residual = found.residual.strip("\n").split("\n")
        lines += [f"residual: {residual[0]}"] if len(residual) == 1 else ["residual:", *(f"  {r}" for r in residual)]
    if found.pasteable:
        lines += [f"# a counterexample to {name}", found.pasteable.rstrip("\n")]
    return "\n".join(visible(line) for line in "\n".join(lines).split("\n"))


def visible(text: str) -> str:
    """The text with control characters escaped: what a claims file says must not move a terminal's cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
