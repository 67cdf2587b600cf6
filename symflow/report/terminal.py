"""The report for people at a terminal: progress while it runs, then a block for each file.

What the claims of a file have in common stands in its heading. What a refuted claim leaves follows its line, with
nothing drawn around it, because it is there to be pasted.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from symflow.report.cleaning import one_line, visible
from symflow.report.plain import caption, details, notes, summary_line
from symflow.report.rows import Row, summary

_COLOURS = {"proved": "green", "refuted": "red", "undecided": "yellow", "error": "magenta"}


_VERDICT_WIDTH = max(map(len, _COLOURS))
_GAP = 2  # blanks between columns
_INDENT = 4
_NARROWEST = 12  # columns of text are never made narrower
_LONGEST_STATEMENT = 300  # characters of a statement that stands for a missing title


class ProgressLine:
    """A line that tells how far the run is; it goes away at the end.

    It draws when told and never by itself, because a thread that draws would live on in forked workers.
    """

    def __init__(self, console: Console, total: int | None) -> None:
        # A bar without an end tells nothing.
        counts = (TextColumn("{task.completed} checked"),) if total is None else (BarColumn(), MofNCompleteColumn())
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}", markup=False), *counts, TimeElapsedColumn(),
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._task = self._progress.add_task("checking", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Stopping draws once more: let it draw nothing.
        self._progress.update(self._task, visible=False)
        self._progress.stop()

    def advance(self, row: Row) -> None:
        """Count one more claim."""
        self._progress.update(self._task, advance=1, description=one_line(row.id, 40))
        self._progress.refresh()


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """Print a block for each file, every claim with what needs saying of it, then the counts."""
    for file, group in groupby(rows, key=lambda row: row.file):
        _print_file(console, file, list(group))
        console.print()
    counts = summary(rows)
    colour = next((_COLOURS[verdict] for verdict in ("error", "refuted", "undecided") if counts[verdict]), "green")
    console.print(Text(summary_line(counts), style=f"bold {colour}"))


def _print_file(console: Console, file: str, rows: Sequence[Row]) -> None:
    claims = [row for row in rows if not row.whole_file]
    # A title that stands once is the claim's own; one that stands everywhere is that of the whole derivation.
    title = _shared(row.title for row in claims) if len(claims) > 1 else ""
    source = _shared(row.source for row in claims)
    if claims:
        heading = Text(one_line(file), style="bold")
        common = one_line(", ".join(part for part in (title, source) if part))
        console.print(Text.assemble(heading, (f"  {common}" if common else "", "not bold dim")), soft_wrap=True)
    shown = [_shown(row, title, source) for row in claims]
    columns = _Columns.fitting(console.width, shown)
    lines = iter(shown)
    for row in rows:
        if row.whole_file:
            _print_problem(console, row)
        else:
            _print_claim(console, row, next(lines), columns)


def _shared(texts: Iterator[str]) -> str:
    """The text that all have, or nothing."""
    different = set(texts)
    return different.pop() if len(different) == 1 else ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The cells of a claim."""

    claim: Text
    what: Text
    seconds: Text
    states: bool  # whether the whole statement is among them


def _shown(row: Row, title: str, source: str) -> _Shown:
    own = replace(row, title="" if row.title == title else row.title, source="" if row.source == source else row.source)
    called = caption(own)
    what = Text(called or one_line(row.statement, _LONGEST_STATEMENT))
    for note in notes(row):
        what.append(f"\n{note}", style="dim")
    whole = not called and len(one_line(row.statement)) <= _LONGEST_STATEMENT
    return _Shown(Text(one_line(row.id)), what, Text(f"{row.seconds:.3f} s"), whole)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The widths of the columns, the same for all claims of a file."""

    claim: int
    what: int
    seconds: int

    @classmethod
    def fitting(cls, width: int, shown: Sequence[_Shown]) -> _Columns:
        """As wide as the texts are, within the width; a name takes at most a third of it."""
        seconds = max((cell.seconds.cell_len for cell in shown), default=0)
        claim = min(max((cell.claim.cell_len for cell in shown), default=0), max(width // 3, _NARROWEST))
        room = max(width - _VERDICT_WIDTH - claim - seconds - 3 * _GAP, _NARROWEST)
        widest = max((line.cell_len for cell in shown for line in cell.what.split("\n")), default=0)
        return cls(claim, min(widest, room), seconds)


def _print_claim(console: Console, row: Row, shown: _Shown, columns: _Columns) -> None:
    line = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    line.add_column(width=_VERDICT_WIDTH)
    line.add_column(width=columns.claim, overflow="fold")
    line.add_column(width=columns.what, overflow="fold")
    line.add_column(width=columns.seconds, justify="right", no_wrap=True)
    line.add_row(Text(row.verdict, style=_COLOURS[row.verdict]), shown.claim, shown.what, shown.seconds)
    console.print(line)
    if row.verdict == "proved":
        return
    if row.statement and not shown.states:
        _print_wrapped(console, "statement: " + one_line(row.statement))
    for detail in details(row):
        _print_wrapped(console, detail)
    if row.residual:
        _print_residual(console, visible(row.residual).strip("\n").split("\n"))
    if row.pasteable:
        console.print(Text(f"# a counterexample to {one_line(row.id)}"), soft_wrap=True)
        # Neither wrapped nor highlighted: these lines are to be pasted.
        console.print(Text(visible(row.pasteable.rstrip("\n"))), soft_wrap=True)
        console.print()


def _print_problem(console: Console, row: Row) -> None:
    console.print(Text(row.verdict, style=_COLOURS[row.verdict]), end="  ", soft_wrap=True)
    console.print(Text(one_line(row.detail)), soft_wrap=True)


def _print_residual(console: Console, terms: Sequence[str]) -> None:
    if len(terms) == 1:
        _print_wrapped(console, "residual: " + terms[0])
        return
    _print_wrapped(console, "residual:")
    for term in terms:
        _print_wrapped(console, term, _INDENT + 2)


def _print_wrapped(console: Console, text: str, indent: int = _INDENT) -> None:
    """Print an indented paragraph, broken at blanks only: a formula in it can still be pasted."""
    wrapper = textwrap.TextWrapper(
        width=max(console.width, indent + _NARROWEST), initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2), break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    for line in wrapper.wrap(text):
        console.print(Text(line), soft_wrap=True)
