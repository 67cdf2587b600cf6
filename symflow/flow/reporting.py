"""How far a run has come, told to whoever asked for it: often enough for a person, too seldom to cost anything."""

from __future__ import annotations

from time import monotonic

from symflow.flow.given import Progress, require_callable

PAUSE = 0.05  # seconds between two reports


class Report:
    """Called with the time t that a run has reached; hands t/t_max on, at most every ``PAUSE`` seconds.

    >>> seen = []
    >>> report = Report(seen.append, 4.0)
    >>> report(1.0), report(2.0), report.finish(4.0)
    (None, None, None)
    >>> seen
    [0.25, 1.0]
    """

    def __init__(self, progress: Progress, t_max: float) -> None:
        self.progress, self.t_max, self._next = progress, t_max, 0.0

    def __call__(self, time: float) -> None:
        """One report, unless there was one just now."""
        now = monotonic()
        if now >= self._next:
            self._next = now + PAUSE
            self.finish(time)

    def finish(self, time: float) -> None:
        """The last report, which is made whatever the clock says."""
        self.progress(min(float(time) / self.t_max, 1.0))


def report_for(progress: Progress | None, t_max: float) -> Report | None:
    """None where nobody asked. Raises KindError where ``progress`` cannot be called."""
    require_callable(progress)
    return None if progress is None else Report(progress, t_max)
