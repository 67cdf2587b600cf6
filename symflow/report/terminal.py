"""The report for people at a terminal: progress while it runs, then one table a file and what needs saying."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from symflow.report.cleaning import one_line, visible
from symflow.report.plain import caption, remarks, summary_line
from symflow.report.rows import Row, summary

_COLOURS = {"proved": "green", "refuted": "red", "undecided": "yellow", "error": "magenta"}


class ProgressLine:
    """A line that tells how far the run is; it goes away at the end.

    It draws when told and never by itself, because a thread that draws would live on in forked workers.
    """

    def __init__(self, console: Console, total: int | None) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(
            *columns, TimeElapsedColumn(), console=console, auto_refresh=False, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._task = self._progress.add_task("checking", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        self._progress.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, row: Row) -> None:
        """Count one more claim."""
        self._progress.update(self._task, advance=1, description=one_line(row.id, 40))
        self._progress.refresh()


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """Print the tables, then what needs saying of single claims, then the counts."""
    for file, group in groupby(rows, key=lambda row: row.file):
        console.print(_table(file, list(group)))
    for row in rows:
        _print_remarks(console, row)
    counts = summary(rows)
    colour = next((_COLOURS[verdict] for verdict in ("error", "refuted", "undecided") if counts[verdict]), "green")
    console.print(Text(summary_line(counts), style=f"bold {colour}"))


def _table(file: str, rows: Sequence[Row]) -> Table:
    table = Table(title=Text(one_line(file)), title_justify="left")
    table.add_column("verdict")
    table.add_column("claim", overflow="fold")
    table.add_column("seconds", justify="right")
    table.add_column("what", overflow="fold")
    confirmed = any(row.confirmation for row in rows)
    if confirmed:
        table.add_column("confirmation", overflow="fold")
    for row in rows:
        cells = [
            Text(row.verdict, style=_COLOURS[row.verdict]),
            Text("the file" if row.whole_file else one_line(row.id)),
            Text(f"{row.seconds:.4f}"),
            Text(one_line(row.detail) if row.whole_file else caption(row) or one_line(row.statement, 80)),
        ]
        table.add_row(*cells, *([Text(one_line(row.confirmation))] if confirmed else []))
    return table


def _print_remarks(console: Console, row: Row) -> None:
    if row.verdict == "proved" or row.whole_file:
        return
    console.print(Text.assemble((row.verdict, _COLOURS[row.verdict]), " ", (one_line(row.id), "bold")))
    for line in remarks(row):
        console.print(Text("    " + line), soft_wrap=True)
    if row.pasteable:
        console.print(Text(f"# a counterexample to {one_line(row.id)}"))
        # Neither wrapped nor highlighted: these lines are to be pasted.
        console.print(Text(visible(row.pasteable.rstrip("\n"))), soft_wrap=True)
    console.print()
