"""The report for pipes and logs: one line a claim without tabs or colour, indented lines for what needs saying."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symflow.report.cleaning import one_line, visible
from symflow.report.rows import Row

_INDENT = "    "


def plain_lines(row: Row) -> Iterator[str]:
    """The lines that report one claim; a counterexample is not indented, to be pasted into Python.

    >>> list(plain_lines(Row(file="a.toml", id="x", verdict="proved", seconds=0.0123, title="a title")))
    ['proved     a.toml  x  0.0123 s  a title']
    """
    if row.whole_file:
        yield f"{row.verdict:<9}  {one_line(row.detail)}"
        return
    parts = [f"{row.verdict:<9}", one_line(row.file), one_line(row.id), f"{row.seconds:.4f} s", caption(row)]
    yield "  ".join(part for part in parts if part)
    yield from (_INDENT + line for line in remarks(row))
    if row.pasteable:
        yield f"# a counterexample to {one_line(row.id)}"
        yield from visible(row.pasteable.rstrip("\n")).split("\n")


def caption(row: Row) -> str:
    """What the claim is called, and where it comes from."""
    label = "" if row.label == row.id else row.label
    return one_line(", ".join(part for part in (label, row.title, row.source) if part))


def remarks(row: Row) -> Iterator[str]:
    """What needs saying of a claim beyond its verdict: nothing, if it is proved and was compared with nothing."""
    yield from notes(row)
    if row.verdict == "proved":
        return
    if row.statement:
        yield "statement: " + one_line(row.statement)
    yield from details(row)
    if row.residual:
        yield "residual: " + one_line(row.residual)


def notes(row: Row) -> Iterator[str]:
    """For what a claim holds, the hypotheses under which it is proved, and what confirms it."""
    scope = row.scope.removeprefix("proved ") if row.verdict == "proved" else ""
    together = one_line("; ".join(part for part in (scope, row.confirmation) if part))
    if together:
        yield together
    if row.verdict == "proved" and row.detail.startswith("under "):
        yield one_line(row.detail)


def details(row: Row) -> Iterator[str]:
    """The lines of the detail that say something."""
    for line in visible(row.detail).split("\n"):
        if line.strip():
            yield line.rstrip()


def summary_line(counts: Mapping[str, int]) -> str:
    """The counts in words.

    >>> summary_line({"proved": 3, "refuted": 0, "undecided": 1, "error": 0})
    '3 proved, 1 undecided'
    """
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count) or "nothing checked"
