"""Timing work that may take too long: in a child process, which is ended when its time is over."""

from __future__ import annotations

import math
import multiprocessing
import resource
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

RUNS = 5
BUILD = 120.0  # CPU seconds for imports and compilation
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
    """Two programs in turns, so that what else the machine does hits both.

    ``ours()`` and ``theirs()`` build, in a child process, the work that is then timed: imports and compilation are not
    in the times, which are CPU times of the process with all its threads. From then on the child has ``cap`` seconds of
    CPU time; None if not one turn ended in them.

    Raises:
        ArithmeticError: the peer broke off with an exception.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_alternate, args=(ours, theirs, cap, sender), daemon=True)
    child.start()
    sender.close()
    rounds: list[tuple[float, float]] = []
    answers: tuple[Any, Any] = (None, None)
    while len(rounds) < RUNS:
        try:
            answer, seconds = receiver.recv()
        except EOFError:
            break
        answers = answer or answers
        rounds.append(seconds)
    child.join()
    if child.exitcode not in {0, -signal.SIGXCPU}:
        raise ArithmeticError("the peer failed; what it said stands above")
    if not rounds:
        return None
    mine, its = zip(*rounds, strict=True)
    return Turns(statistics.median(mine), statistics.median(its), *answers, len(rounds))


def _alternate(ours: Callable[[], Any], theirs: Callable[[], Any], cap: float, out: Connection) -> None:
    _limit(BUILD)
    mine, its = ours(), theirs()
    mine()  # compiled code is loaded, caches are filled
    _limit(cap)
    for turn in range(RUNS):
        our_answer, our_seconds = cpu_seconds(mine)
        their_answer, their_seconds = cpu_seconds(its)
        answer = (our_answer, their_answer) if turn == 0 else None
        out.send((answer, (our_seconds, their_seconds)))


def _limit(seconds: float) -> None:
    """The process is ended by SIGXCPU when it has used so many more seconds of CPU time, rounded up."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), hard))


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
