"""Timing work that may take too long: in a child process, which is ended when its time is over."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

RUNS = 5


def median_seconds(work: Callable[[], bool], cap: float, before: Callable[[], None]) -> float | None:
    """Median of up to five runs, each after ``before``; None if not even one ended within ``cap`` seconds.

    Raises:
        ArithmeticError: the work failed, or ended with another answer than True, so its time is no use.
    """
    context = multiprocessing.get_context("fork")  # a warm process: what is imported here is imported there
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_repeat, args=(work, before, theirs), daemon=True)
    end = time.monotonic() + cap
    child.start()
    theirs.close()
    times: list[float] = []
    while len(times) < RUNS and ours.poll(max(0.0, end - time.monotonic())):
        try:
            answer, seconds = ours.recv()
        except EOFError:
            raise ArithmeticError("the peer failed; what it said stands above") from None
        if answer is not True:
            raise ArithmeticError(f"the peer answered {answer!r} to a true statement")
        times.append(seconds)
    child.kill()
    child.join()
    return statistics.median(times) if times else None


def _repeat(work: Callable[[], bool], before: Callable[[], None], out: Connection) -> None:
    for _ in range(RUNS):
        before()
        start = time.perf_counter()
        answer = work()
        out.send((answer, time.perf_counter() - start))
