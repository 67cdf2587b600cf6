"""Deciding many claims, each in bounded time and memory, in the order of the file.

One worker process per job decides claim after claim; only when a claim exceeds its limits is the process killed and
a new one started, so that keeping the bounds costs an ordinary claim no more than a message there and back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import wait

from symflow.claims.files import Claim
from symflow.claims.outcomes import Decide, Outcome, malformed, undecided
from symflow.claims.workers import Worker

SECONDS = 20.0
MEMORY = 2 << 30


def run_claims(
    claims: Sequence[Claim], *, decide: Decide | None = None, seconds: float = SECONDS, memory: int = MEMORY,
    jobs: int = 1,
) -> Generator[Outcome, None, None]:  # fmt: skip
    """Decide claims: one outcome each, in their order, and as soon as that order allows.

    Args:
        claims: malformed ones get the verdict ``error``.
        decide: the prover; :func:`symflow.proof.decide` unless given.
        seconds: the time limit of each claim, beyond which it is ``undecided``.
        memory: bytes that a worker may take on top of what it has at its start; a claim beyond is ``undecided``.
        jobs: worker processes at once.
    """
    found = {place: malformed(claim) for place, claim in enumerate(claims) if claim.error is not None}
    places = deque(place for place in range(len(claims)) if place not in found)
    crew = _Crew(claims, places, decide, seconds, memory, jobs)
    waiting = 0
    while waiting in found:
        yield found.pop(waiting)
        waiting += 1
    for place, outcome in crew.outcomes():
        found[place] = outcome
        while waiting in found:
            yield found.pop(waiting)
            waiting += 1


class _Crew:
    """The workers of one run: as many as there are jobs, each always busy with one claim."""

    def __init__(
        self, claims: Sequence[Claim], places: deque[int], decide: Decide | None, seconds: float, memory: int, jobs: int
    ) -> None:
        self.claims, self.places = claims, places
        self.decide, self.seconds, self.memory, self.jobs = decide, seconds, memory, jobs
        self.workers: list[Worker] = []

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """Places and outcomes as they come; leaves no process behind, however it ends."""
        try:
            while self.places or self.workers:
                while self.places and len(self.workers) < self.jobs:
                    self._hire()
                yield from self._listen()
        finally:
            for worker in self.workers:
                worker.stop()

    def _hire(self) -> None:
        if self.decide is None:
            # Here and not in the worker: a process forked from this one has it imported already.
            from symflow.proof import decide

            self.decide = decide
        worker = Worker(self.claims, self.decide, self.seconds, self.memory)
        self.workers.append(worker)
        worker.give(self.places.popleft())

    def _listen(self) -> Iterator[tuple[int, Outcome]]:
        patience = max(0.0, min(worker.left() for worker in self.workers))
        speaking = wait([worker.connection for worker in self.workers], patience)
        for worker in list(self.workers):
            if worker.connection in speaking:
                yield from self._hear(worker)
            elif worker.left() <= 0:
                limit = f"the time limit of {self.seconds:g} s was reached"
                yield worker.place, self._give_up(worker, limit if worker.ready else "the process did not start")

    def _hear(self, worker: Worker) -> Iterator[tuple[int, Outcome]]:
        try:
            message = worker.receive()
        except (EOFError, OSError):
            yield worker.place, self._give_up(worker, worker.obituary())
            return
        if message is None:
            return
        outcome, healthy = message
        place = worker.place
        if healthy and self.places:
            worker.give(self.places.popleft())
        else:
            self._dismiss(worker)
        yield place, outcome

    def _give_up(self, worker: Worker, reason: str) -> Outcome:
        seconds = worker.spent()
        self._dismiss(worker)
        return undecided(self.claims[worker.place], seconds, reason)

    def _dismiss(self, worker: Worker) -> None:
        self.workers.remove(worker)
        worker.stop()
