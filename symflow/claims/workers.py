"""A process that decides one claim after another, within bounds that it cannot talk its way out of.

Symbolic computation may run away in C code, where no Python exception reaches it, so the bounds are the operating
system's: the address space is limited from inside, and whoever holds the worker kills it when its time is up.
What it complains of goes to a file of its own, whose last line says why a worker died.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from symflow.claims.files import Claim
from symflow.claims.outcomes import Decide, Outcome, decided, undecided
from symflow.errors import SymflowError

SOFT = 0.95  # part of the time limit that the prover is told, so that it can come back with what it found
_GRACE = 2.0  # seconds after the limit when a worker whose holder vanished ends by itself
_IDLE = 2.0  # seconds between looks whether the holder is still there
_STARTING = 60.0  # seconds to start in, where everything has to be imported anew
_TAIL = 4096  # bytes of a dead worker's output that are read

# Forking is cheap and takes over what is imported already; elsewhere than on Linux it is not safe.
_CONTEXT: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


class Worker:
    """One worker process; :meth:`give` it places of claims, one at a time, and read outcomes from ``connection``."""

    def __init__(self, claims: Sequence[Claim], decide: Decide, seconds: float, memory: int) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        log = self.log.fileno() if _CONTEXT.get_start_method() == "fork" else None
        self.process = _CONTEXT.Process(
            target=_serve, args=(theirs, self.connection, claims, decide, seconds, memory, log), daemon=True
        )
        self.process.start()
        theirs.close()
        self.seconds = seconds
        self.place = -1
        self.started = time.perf_counter()
        self.ready = False

    def give(self, place: int) -> None:
        """Let it decide the claim at ``place``."""
        self.place, self.started = place, time.perf_counter()
        with contextlib.suppress(OSError):  # it died while idle; reading from the connection reports that
            self.connection.send(place)

    def receive(self) -> tuple[Outcome, bool] | None:
        """The outcome and whether the process is fit for more; None when it reports that it has started.

        Raises:
            EOFError, OSError: the process has ended; see :meth:`obituary`.
        """
        message: tuple[Outcome, bool] | None = self.connection.recv()
        if message is None:
            self.ready, self.started = True, time.perf_counter()
        return message

    def spent(self) -> float:
        """Seconds since the claim was given, or since the process was able to start on it."""
        return time.perf_counter() - self.started

    def left(self) -> float:
        """Seconds that it may still take."""
        return (self.seconds if self.ready else _STARTING) - self.spent()

    def obituary(self) -> str:
        """Why the process ended by itself: its signal and the last line that it printed."""
        self.process.join(1.0)
        code = self.process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"status {code}"
        size = os.fstat(self.log.fileno()).st_size
        tail = os.pread(self.log.fileno(), _TAIL, max(0, size - _TAIL)) if hasattr(os, "pread") else b""
        lines = tail.decode("utf-8", "replace").strip().splitlines()
        return f"the process that was deciding this claim ended with {how}" + (f": {lines[-1]}" if lines else "")

    def stop(self) -> None:
        """Kill it and free what it held; may be called again."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        self.log.close()


def _serve(
    connection: Connection, other_end: Connection, claims: Sequence[Claim], decide: Decide, seconds: float, memory: int,
    log: int | None,
) -> None:  # fmt: skip
    if log is not None:
        other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the holder gets it too, and decides
    _redirect_output(log)
    _limit_memory(memory)
    holder = os.getppid()
    connection.send(None)
    while True:
        while not connection.poll(_IDLE):
            if os.getppid() != holder:
                return
        try:
            place = connection.recv()
        except EOFError:
            return
        _set_alarm(seconds + _GRACE)
        outcome, healthy = _decide(claims[place], decide, seconds, memory)
        _set_alarm(0)
        connection.send((outcome, healthy))


def _decide(claim: Claim, decide: Decide, seconds: float, memory: int) -> tuple[Outcome, bool]:
    start = time.perf_counter()
    assert claim.equation is not None  # malformed claims are never given to a worker
    try:
        verdict = decide(claim.equation, seconds=SOFT * seconds)
        return decided(claim, verdict, time.perf_counter() - start), True
    except SymflowError as error:
        detail, healthy = str(error), True
    except RecursionError:
        detail, healthy = "nested too deeply for the prover", True
    except MemoryError:
        detail, healthy = f"the memory limit of {memory >> 20} MiB was reached", False
    return undecided(claim, time.perf_counter() - start, detail), healthy


def _redirect_output(log: int | None) -> None:
    """Complaints go to the log, everything else nowhere: the output of the command must stay its own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere if log is None else log, 2)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 (for the rest of the process)
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115


def _limit_memory(memory: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _taken(resource.getpagesize()) + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _taken(page: int) -> int:
    """Bytes of address space in use, where the system tells; libraries reserve much that they never touch."""
    try:
        with Path("/proc/self/statm").open() as file:
            return int(file.read().split()[0]) * page
    except FileNotFoundError:
        return 0


def _set_alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
