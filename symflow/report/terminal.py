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

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from symflow.report.cleaning import one_line, visible
from symflow.report.plain import caption, details, notes, summary_line
from symflow.report.rows import Row, summary

_COLOURS = {"proved": "green", "refuted": "red", "undecided": "yellow", "error": "magenta"}


_GAP = 2  # blanks between columns
_INDENT = 4
_NARROWEST = 12  # columns of text are never made narrower
_LONGEST_STATEMENT = 300  # characters of a proved statement that stands for a missing title


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
    proved = len(claims) > 1 and all(row.verdict == "proved" for row in claims)
    scope = _shared(row.scope for row in claims) if proved else ""
    if claims:
        common = one_line(", ".join(part for part in (title, source) if part))
        heading = ((one_line(file), "bold"), (f"  {common}" if common else "", "dim"))
        console.print(Text.assemble(*heading), soft_wrap=True)
        if scope:
            console.print(Text(one_line(scope.removeprefix("proved ")), style="dim"), soft_wrap=True)
    own = [_without(row, title, source, scope) for row in rows]
    columns = _Columns.fitting(console.width, [row for row in own if not row.whole_file])
    for place, row in enumerate(own):
        if place and own[place - 1].verdict != "proved":
            console.print()
        if row.whole_file:
            _print_problem(console, row)
        else:
            _print_claim(console, row, columns)


def _without(row: Row, title: str, source: str, scope: str) -> Row:
    """The row without the title, source and scope that stand in the heading."""
    return replace(
        row, title="" if row.title == title else row.title, source="" if row.source == source else row.source,
        scope="" if row.scope == scope else row.scope,
    )  # fmt: skip


def _shared(texts: Iterator[str]) -> str:
    """The text that all have, or nothing."""
    different = set(texts)
    return different.pop() if len(different) == 1 else ""


@dataclass(frozen=True, slots=True)
class _Columns:
    """The widths of the columns, the same for all claims of a file."""

    verdict: int
    claim: int
    what: int
    seconds: int

    @classmethod
    def fitting(cls, width: int, rows: Sequence[Row]) -> _Columns:
        """As wide as the width admits; the name of a claim takes at most a third of it."""
        verdict = max((len(row.verdict) for row in rows), default=0)
        claim = min(max((cell_len(one_line(row.id)) for row in rows), default=0), max(width // 3, _NARROWEST))
        seconds = max((len(_seconds(row)) for row in rows), default=0)
        room = max(width - verdict - claim - seconds - 3 * _GAP, _NARROWEST)
        widest = max((cell_len(line) for row in rows for line in (_says(row), *notes(row))), default=0)
        return cls(verdict, claim, min(widest, room), seconds)


def _says(row: Row) -> str:
    return caption(row) or one_line(row.statement, _LONGEST_STATEMENT)


def _seconds(row: Row) -> str:
    return f"{row.seconds:.3f} s"


def _print_claim(console: Console, row: Row, columns: _Columns) -> None:
    says = Text(_says(row))
    below = ""
    if row.verdict != "proved" and (says.plain != one_line(row.statement) or says.cell_len > columns.what):
        below = row.statement  # in full, and not broken inside a word
        if not caption(row):
            says.truncate(columns.what, overflow="ellipsis")
    what = Text("\n").join([says, *(Text(note, style="dim") for note in notes(row))])
    line = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    line.add_column(width=columns.verdict)
    line.add_column(width=columns.claim, overflow="fold")
    line.add_column(width=columns.what, overflow="fold")
    line.add_column(width=columns.seconds, justify="right", no_wrap=True)
    line.add_row(Text(row.verdict, style=_COLOURS[row.verdict]), Text(one_line(row.id)), what, Text(_seconds(row)))
    console.print(line)
    if row.verdict != "proved":
        _print_remarks(console, row, below)


def _print_remarks(console: Console, row: Row, statement: str) -> None:
    if statement:
        _print_wrapped(console, "statement: " + one_line(statement))
    for detail in details(row):
        _print_wrapped(console, detail)
    if row.residual:
        _print_residual(console, visible(row.residual).strip("\n").split("\n"))
    if row.pasteable:
        console.print(Text(f"# a counterexample to {one_line(row.id)}"), soft_wrap=True)
        # Neither wrapped nor highlighted: these lines are to be pasted.
        console.print(Text(visible(row.pasteable.rstrip("\n"))), soft_wrap=True)


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
