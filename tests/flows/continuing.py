"""Is a "non-unique" verdict true? Every continuation that it names is followed for a moment, and checked.

The event loop is made to take one after the other, from the state in which the verdict was given. That is the only
place where it is led by hand; whether what it then returns is a solution is for the checker to say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

from symflow.flow import chamber_flow
from symflow.flow.chamber import ChamberTrajectory, check_trajectory, resolving

MOMENT = 1e-4  # or up to the first event


def continuations(flow: ChamberTrajectory) -> list[ChamberTrajectory]:
    """One trajectory from the end of a flow on for each continuation found there, its time from 0 again."""
    start = vars(flow.state(flow.end))
    first, count = _follow(start, flow.problem.moving, 0)
    others = (_follow(start, flow.problem.moving, place)[0] for place in range(1, count))
    return [first, *others] if count else []


def check_continuations(flow: ChamberTrajectory) -> int:
    """How many there are, 0 where the verdict is not met again. CertificateError if one of them is no solution."""
    followed = continuations(flow)
    for started in followed:
        check_trajectory(started)
    return len(followed)


def _follow(start: dict[str, Any], moving: bool, place: int) -> tuple[ChamberTrajectory, int]:
    """The continuation with this number, and how many there are."""
    counts: list[int] = []
    decide = resolving._verdict

    def led(found, doubts):
        if counts or not found:
            return decide(found, doubts)
        counts.append(len(found))
        found.insert(0, found.pop(place))  # the first one is taken
        return None

    with mock.patch.object(resolving, "_verdict", led):
        flow = chamber_flow(**start, t_max=MOMENT, output_bias="moving" if moving else "frozen")
    # a slide that may be left at any time is stopped at once: by itself it goes on
    first = flow if flow.t_end > 0.0 else replace(flow, t_end=MOMENT, status="horizon")
    return first, sum(counts)
