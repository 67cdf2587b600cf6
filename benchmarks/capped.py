"""Timing work that may take too long: in a child process, which is ended when its time is over."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

RUNS = 5
BUILD = 120.0  # seconds for imports and compilation
SHORT = 5e-3  # work that takes less is repeated within one timing


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


@dataclass(frozen=True)
class Turns:
    """Medians of the CPU seconds of two programs that ran in turns, their first answers, and how often they ran."""

    ours: float
    theirs: float
    our_answer: Any
    their_answer: Any
    runs: int

    @property
    def ratio(self) -> float:
        """How many times as long as ours theirs takes."""
        return self.theirs / self.ours


def in_turns(ours: Callable[[], Any], theirs: Callable[[], Any], cap: float) -> Turns | None:
    """Two programs in turns, so that what else the machine does hits both; None if not one turn ended in ``cap`` s.

    ``ours()`` and ``theirs()`` build, in the child process, the work that is then timed: imports and compilation have
    ``BUILD`` seconds of their own, and are not in the times, which are CPU times of the process with all its threads.

    Raises:
        ArithmeticError: the peer broke off with an exception.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_alternate, args=(ours, theirs, sender), daemon=True)
    child.start()
    sender.close()
    rounds: list[tuple[float, float]] = []
    answers: tuple[Any, Any] = (None, None)
    try:
        end = time.monotonic() + (cap if receiver.poll(BUILD) and receiver.recv() else 0.0)
        while len(rounds) < RUNS and receiver.poll(max(0.0, end - time.monotonic())):
            answer, seconds = receiver.recv()
            answers = answer or answers
            rounds.append(seconds)
    except EOFError:
        raise ArithmeticError("the peer failed; what it said stands above") from None
    child.kill()
    child.join()
    if not rounds:
        return None
    mine, its = zip(*rounds, strict=True)
    return Turns(statistics.median(mine), statistics.median(its), *answers, len(rounds))


def _alternate(ours: Callable[[], Any], theirs: Callable[[], Any], out: Connection) -> None:
    mine, its = ours(), theirs()
    mine()  # compiled code is loaded, caches are filled
    out.send(True)
    for turn in range(RUNS):
        our_answer, our_seconds = cpu_seconds(mine)
        their_answer, their_seconds = cpu_seconds(its)
        answer = (our_answer, their_answer) if turn == 0 else None
        out.send((answer, (our_seconds, their_seconds)))


def cpu_seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    """The answer, and CPU seconds of one run; short work runs often enough for the clock."""
    runs, start = 0, time.process_time()
    while True:
        answer, runs = work(), runs + 1
        passed = time.process_time() - start
        if passed > SHORT:
            return answer, passed / runs


def _repeat(work: Callable[[], bool], before: Callable[[], None], out: Connection) -> None:
    for _ in range(RUNS):
        before()
        start = time.perf_counter()
        answer = work()
        out.send((answer, time.perf_counter() - start))
