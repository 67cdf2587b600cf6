"""One clock and one budget of work, shared by every loop of a search."""

from __future__ import annotations

from time import monotonic

from symflow.errors import LimitError

MAX_WORK = 400_000  # matrix operations in one evaluation: seconds, not minutes


class DeadlineError(LimitError):
    """The wall-clock time granted to a search is over."""


class Deadline:
    """A moment in time that loops check; ``Deadline(None)`` never comes."""

    __slots__ = ("end",)

    def __init__(self, seconds: float | None) -> None:
        self.end = float("inf") if seconds is None else monotonic() + seconds

    def check(self) -> None:
        """Raise DeadlineError once the time is over."""
        if monotonic() > self.end:
            raise DeadlineError("the time granted to the search for counterexamples is over; allow more seconds")

    def part(self, share: float) -> Deadline:
        """A deadline after a share of what is left."""
        inner = Deadline(None)
        if self.end != float("inf"):
            now = monotonic()
            inner.end = now + max(0.0, self.end - now) * share
        return inner
