"""``symflow check``: files in, rows out, one report."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path

from symflow.claims.files import Claim, load
from symflow.claims.outcomes import Decide
from symflow.claims.running import run_claims
from symflow.cli.derivation_runs import Manner, rows_of_files
from symflow.cli.finding import SUFFIXES, find_files
from symflow.cli.selecting import Selection
from symflow.cli.statuses import MALFORMED, status_of
from symflow.errors import ClaimError
from symflow.report.machine import to_json
from symflow.report.plain import plain_lines, summary_line
from symflow.report.rows import Row, summary

Piece = tuple[str, Claim] | Path | Row  # a claim with its file, a derivation file, a file that cannot be read


def check(options: Namespace, decide: Decide | None = None) -> int:
    """Check everything that the command line names, report it, and return the exit status."""
    wanted = manner_of(options).wanted()
    pieces = [piece for file in find_files(options.paths) for piece in _pieces(file, wanted)]
    rows = _report(_checked(pieces, options, decide), _total(pieces), options.json)
    if not rows:
        where = ", ".join(options.paths)
        print(f"symflow check: no claim in {where}{'' if options.select is None else ' matches -k'}", file=sys.stderr)
        return MALFORMED
    return status_of(summary(rows))


def manner_of(options: Namespace) -> Manner:
    """How derivation files are to be checked."""
    return Manner(options.timeout, options.select, options.confirm, options.deep)


def _pieces(file: Path, wanted: Selection) -> Iterator[Piece]:
    if file.suffix == ".py" and file.is_file():
        yield file
        return
    if file.suffix not in SUFFIXES and file.exists():
        yield Row.unreadable(str(file), f"{file}: neither a claims file (.toml) nor a derivation file (.py)")
        return
    try:
        claims = load(file).claims
    except ClaimError as error:
        yield Row.unreadable(str(file), str(error))
        return
    for claim in claims:
        if wanted(f"{claim.id} {claim.title}"):
            yield str(file), claim


def _total(pieces: list[Piece]) -> int | None:
    """How many rows there will be; unknown while a derivation file has not been run."""
    return None if any(isinstance(piece, Path) for piece in pieces) else len(pieces)


def _checked(pieces: list[Piece], options: Namespace, decide: Decide | None) -> Iterator[Row]:
    """The rows of all pieces, in their order; neighbouring files are decided in one run."""
    manner = manner_of(options)
    place = 0
    while place < len(pieces):
        piece = pieces[place]
        if isinstance(piece, Row):
            yield piece
        elif isinstance(piece, Path):
            files = [file for file in takewhile(_is_file, islice(pieces, place, None)) if isinstance(file, Path)]
            yield from rows_of_files(files, manner, options.jobs)
            place += len(files) - 1
        else:
            claims = list(_claims_from(pieces, place))
            outcomes = run_claims(
                [claim for _, claim in claims], decide=decide, seconds=options.timeout, jobs=options.jobs or 1
            )
            for (file, _), outcome in zip(claims, outcomes, strict=True):
                yield Row.of(file, outcome)
            place += len(claims) - 1
        place += 1


def _is_file(piece: Piece) -> bool:
    return isinstance(piece, Path)


def _claims_from(pieces: list[Piece], place: int) -> Iterator[tuple[str, Claim]]:
    """The claims that stand next to each other from ``place`` on."""
    for piece in islice(pieces, place, None):
        if not isinstance(piece, tuple):
            return
        yield piece


def _report(rows: Iterator[Row], total: int | None, as_json: bool) -> list[Row]:
    """Show the rows as they come, or at the end, and return them."""
    found: list[Row] = []
    if as_json:
        found.extend(rows)
        print(to_json(found))
    elif sys.stdout.isatty():
        # Rich is slow to import, and pipes do without it.
        from rich.console import Console

        from symflow.report.terminal import ProgressLine, print_rows

        console = Console(highlight=False)
        with ProgressLine(console, total) as progress:
            for row in rows:
                found.append(row)
                progress.advance(row)
        if found:
            print_rows(console, found)
    else:
        for row in rows:
            found.append(row)
            print(*plain_lines(row), sep="\n", flush=True)
        if found:
            print(summary_line(summary(found)))
    return found
