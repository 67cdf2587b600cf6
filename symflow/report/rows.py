"""What a report shows of one claim, wherever it was checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

VERDICTS = ("proved", "refuted", "undecided", "error")


class Checked(Protocol):
    """A checked claim: of a claims file or of a derivation.

    Those of derivations may also have ``label``, ``confirmation`` and ``scope``, strings, and ``lemmas`` and
    ``hypotheses``, tuples of strings.
    """

    @property
    def id(self) -> str:
        """Name of the claim, unique in its file."""

    @property
    def verdict(self) -> str:
        """One of :data:`VERDICTS`."""

    @property
    def seconds(self) -> float:
        """Time that it took to decide."""

    @property
    def statement(self) -> str:
        """What is claimed, in the claims language."""

    @property
    def detail(self) -> str:
        """How it was proved, what was tried, or what is wrong."""

    @property
    def title(self) -> str:
        """Free text; may be empty."""

    @property
    def source(self) -> str:
        """Free text; may be empty."""

    @property
    def counterexample(self) -> Mapping[str, Any] | None:
        """Plain data for JSON, when refuted."""

    @property
    def pasteable(self) -> str:
        """The counterexample as lines of Python; may be empty."""

    @property
    def residual(self) -> str | None:
        """What is left of the difference of the two sides, if anything is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a report."""

    file: str
    id: str
    verdict: str
    detail: str = ""
    seconds: float = 0.0
    statement: str = ""
    label: str = ""
    title: str = ""
    source: str = ""
    counterexample: Mapping[str, Any] | None = None
    pasteable: str = ""
    residual: str | None = None
    confirmation: str = ""  # how the claim fared against the original network; empty where nothing was compared
    scope: str = ""  # for what it holds, such as "every Q, every depth L"; empty where that is not recorded
    lemmas: tuple[str, ...] = ()  # labels of the statements that its proof uses
    relations: tuple[str, ...] = ()  # schemas of the certificate, as in docs/certificates.md
    hypotheses: tuple[str, ...] = ()  # those under which it is stated, in the claims language

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"{self.verdict!r} is not a verdict; the verdicts are {', '.join(VERDICTS)}")

    @classmethod
    def of(cls, file: str, checked: Checked) -> Row:
        """The row of a checked claim of ``file``."""
        return cls(
            file=file, id=checked.id, verdict=checked.verdict, detail=checked.detail, seconds=checked.seconds,
            statement=checked.statement, title=checked.title, source=checked.source,
            counterexample=checked.counterexample, pasteable=checked.pasteable, residual=checked.residual,
            label=getattr(checked, "label", ""), confirmation=getattr(checked, "confirmation", ""),
            scope=getattr(checked, "scope", ""), lemmas=tuple(getattr(checked, "lemmas", ())),
            hypotheses=tuple(getattr(checked, "hypotheses", ())),
            relations=tuple(getattr(checked, "relations", ())),
        )  # fmt: skip

    @classmethod
    def unreadable(cls, file: str, problem: str) -> Row:
        """The row of a file that could not be read at all."""
        return cls(file=file, id=file, verdict="error", detail=problem)

    @property
    def whole_file(self) -> bool:
        """Whether it stands for a file that could not be read."""
        return self.id == self.file


def summary(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows have each verdict.

    >>> summary([Row(file="a.toml", id="x", verdict="proved")])
    {'proved': 1, 'refuted': 0, 'undecided': 0, 'error': 0}
    """
    counts = dict.fromkeys(VERDICTS, 0)
    for row in rows:
        counts[row.verdict] += 1
    return counts
