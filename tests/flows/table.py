"""The answers of a campaign, counted: one column for each kind of instance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.flows.campaign import FINISHED, VERDICTS, Judged
from tests.flows.comparing import NARROWER, WIDTHS

DEFECTS = {
    "residual": "velocity against gradient",
    "share": "sliding share out of [0, 1]",
    "wrong_side": "datum on the wrong side",
    "discontinuity": "jump of the state",
    "cost_increase": "rise of the cost, checker",
    "rise": "rise of the cost, grid",
}


@dataclass
class Tally:
    """The answers for instances of one kind."""

    title: str
    judged: list[Judged] = field(default_factory=list)

    @property
    def statuses(self) -> Counter[str]:
        """How many have each."""
        return Counter(found.status for found in self.judged)

    @property
    def wrong(self) -> list[Judged]:
        """What must not happen."""
        return [found for found in self.judged if found.wrong]

    @property
    def verdicts(self) -> list[Judged]:
        """What has not finished, and says why."""
        return [found for found in self.judged if found.status in VERDICTS]

    def defect(self, name: str) -> float:
        """The largest one."""
        return max((found.defects.get(name, 0.0) for found in self.judged), default=0.0)

    def distances(self, width: float) -> list[float]:
        """From the smoothed networks of this width."""
        return [
            distance
            for found in self.judged
            if found.comparison is not None
            for w, distance in zip(found.comparison.widths, found.comparison.distances, strict=True)
            if w == width
        ]


def table(tallies: list[Tally]) -> str:
    """One line for each count."""
    lines = [f"{'':32}" + "".join(f"{tally.title:>16}" for tally in tallies)]

    def line(name: str, value: Callable[[Tally], object]) -> None:
        lines.append(f"{name:32}" + "".join(f"{value(tally):>16}" for tally in tallies))

    line("instances", lambda t: len(t.judged))
    line("finished", lambda t: sum(map(t.statuses.__getitem__, FINISHED)))
    for status in FINISHED:
        line(f"  {status}", lambda t, status=status: t.statuses[status])
    line("named verdicts", lambda t: len(t.verdicts))
    for status in VERDICTS:
        line(f"  {status}", lambda t, status=status: t.statuses[status])
    line("  continuations followed", lambda t: sum(found.continuations for found in t.judged))
    line("silently wrong", lambda t: len(t.wrong))
    line("events", lambda t: sum(found.events for found in t.judged))
    line("instances that slide", lambda t: sum(found.sliding > 0 for found in t.judged))
    line("segments that slide", lambda t: sum(found.sliding for found in t.judged))
    lines.append("largest defect")
    for name, words in DEFECTS.items():
        line(f"  {words}", lambda t, name=name: f"{t.defect(name):.1e}")
    line("compared with smoothed networks", lambda t: len(t.distances(WIDTHS[0])))
    for width in (*WIDTHS, *NARROWER):
        line(f"  largest distance, width {width:.0e}", lambda t, width=width: _largest(t.distances(width)))
    line("seconds", lambda t: f"{sum(found.seconds for found in t.judged):.0f}")
    return "\n".join(lines)


def _largest(values: list[float]) -> str:
    return f"{max(values):.1e} ({len(values)})" if values else "–"
