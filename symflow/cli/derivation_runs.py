"""Derivation files checked side by side, each in one of a few processes, their rows in the order of the files.

A file that takes its process down with it is named; the others go on. A handful of files is not worth the processes.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from symflow.cli.selecting import Selection, selection
from symflow.errors import ClaimError, SymflowError
from symflow.report.rows import Row

FEW = 4  # files that are checked in this process


@dataclass(frozen=True)
class Manner:
    """How derivation files are checked: what the command line says of it, as plain data for another process."""

    seconds: float
    select: str | None
    confirm: bool
    deep: bool

    def wanted(self) -> Selection:
        """The statements to check."""
        return _everything if self.select is None else selection(self.select)


def _everything(_subject: str) -> bool:
    return True


def rows_of_files(files: Sequence[Path], manner: Manner, jobs: int | None) -> Iterator[Row]:
    """The rows of derivation files in their order; ``jobs`` processes, by default one for each usable processor."""
    workers = min(jobs or usable_processors(), len(files))
    if workers < 2 or len(files) < FEW:
        for file in files:
            yield from rows_of_file(file, manner)
        return
    with _pool(workers) as pool:
        results = [pool.submit(_rows, file, manner) for file in files]
        try:
            for file, result in zip(files, results, strict=True):
                yield from _received(file, manner, result)
        finally:
            for result in results:
                result.cancel()


def usable_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rows_of_file(file: Path, manner: Manner) -> Iterator[Row]:
    """The rows of one derivation file, as they come."""
    from symflow.confirm.checking import load_and_check
    from symflow.confirm.efforts import DEEP, FAST

    try:
        for checked in load_and_check(
            file, seconds=manner.seconds, select=manner.wanted(), confirm=manner.confirm,
            effort=DEEP if manner.deep else FAST,
        ):  # fmt: skip
            yield Row.of(str(file), checked)
    except ClaimError as error:  # names the file itself
        yield Row.unreadable(str(file), str(error))
    except SymflowError as error:
        yield Row.unreadable(str(file), f"{file}: {error}")


def _rows(file: Path, manner: Manner) -> list[Row]:
    return list(rows_of_file(file, manner))


def _pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the terminal's progress line has a thread, and a fork may catch it with a lock in hand.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _received(file: Path, manner: Manner, result: Future[list[Row]]) -> list[Row]:
    """The rows of a file; where the processes died, by whatever file, it gets one of its own."""
    try:
        return result.result()
    except BrokenProcessPool:
        pass
    try:
        with _pool(1) as pool:
            return pool.submit(_rows, file, manner).result()
    except BrokenProcessPool:
        problem = f"{file}: the process that ran it ended without a word; run the file with python to see why"
        return [Row.unreadable(str(file), problem)]
