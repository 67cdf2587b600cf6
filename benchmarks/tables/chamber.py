"""Second table: biases of several layers, across walls and along them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import mpmath
import numpy as np
from capped import cpu_seconds
from peers import chamber as peers
from problems import SMALLEST, Answer, draw
from references import Twofold, chamber_reference, twofold

from symflow.flow import chamber_flow
from tables.rows import beside, bind, heading, row, small, times

STATES = 1e-12  # absolute, at events and at the wanted times
TIMES = 20
WRONG = 1e-3  # an end state that is off by this much is no approximation


@dataclass(frozen=True)
class Instance:
    """A problem, the number of its events, and the true states at the wanted times."""

    name: str
    run: peers.Run
    events: int
    truth: Twofold
    own_error: float
    against: str


def chamber(quick: bool, seconds: float) -> list[str]:
    """Print the table; what is less exact than stated."""
    print(f"Chamber flow: biases at {TIMES} times; ratios are to chamber_flow with evaluation. heyoka, and what is")
    print("restarted at events, get the walls in the groups that symflow has. Error: of the end state.\n")
    heading("flow", "program", "CPU time", "µs / event", "error", "claims success", "remark")
    failed: list[str] = []
    slow: set[str] = set()  # what is too slow for few data is not asked for more
    for instance in _instances(quick):
        failed += _ours(instance)
        crosses = instance.name.startswith("crosses")
        for name, adapter, method in _peers(quick):
            if crosses and name in slow:
                continue
            theirs = bind(adapter, instance.run, *([method] if method else []))
            turns, reason = beside(bind(peers.symflow, instance.run), name, theirs, seconds)
            if turns is None:
                if reason != "not installed":
                    row([instance.name, name, "—", "–", "–", "–", reason])
                    slow |= {name} if crosses else set()
                continue
            answer = turns.their_answer
            error = _end_error(answer, instance.truth)
            each = f"{1e6 * turns.theirs / instance.events:.3g}" if error is not None and error < WRONG else "–"
            wrong = error is not None and error > WRONG and answer.content
            said = [small(error), "**yes, wrongly**" if wrong else "yes" if answer.content else "no", answer.remark]
            row([instance.name, name, times(turns.ratio), each, *said])
    return failed


def _peers(quick: bool) -> Iterator[tuple[str, Any, str]]:
    yield "heyoka", peers.heyoka, ""
    for method in ("DOP853",) if quick else ("RK45", "DOP853", "Radau"):
        yield f"scipy {method}, restarted at events", peers.scipy_events, method
    for method in ("RK45",) if quick else ("RK45", "DOP853", "Radau"):
        yield f"scipy {method}", peers.scipy, method
    for method in ("Tsit5",) if quick else ("Tsit5", "Dopri8"):
        yield f"diffrax {method}", peers.diffrax, method


def _instances(quick: bool) -> Iterator[Instance]:
    sizes = ((2, 60, 4),) if quick else ((2, 200, 3), (2, 2000, 3), (3, 200, 6), (3, 2000, 10))
    for L, N, seed in sizes:
        yield _crossing(f"crosses, L = {L}, N = {N}", draw(seed, N, L=L))
    yield _smallest()
    if not quick:
        yield _sliding("slides, L = 2, N = 200", draw(4, 200), 1.5)


def _crossing(name: str, problem: dict[str, Any]) -> Instance:
    """The flow up to its first event that is more than one datum crossing one wall."""
    events = chamber_flow(**problem, t_max=20.0).events
    plain = list(takewhile(lambda event: not event.sliding and len(event.changes) == 1, events))
    end = plain[-1].time if len(plain) == len(events) else (plain[-1].time + events[len(plain)].time) / 2
    run = peers.Run(problem, np.linspace(0.0, end, TIMES))
    flow = chamber_flow(**problem, t_max=end)
    whens, at_events, at_times = chamber_reference(problem, flow, run.times)
    found = flow.theta([event.time for event in flow.events])
    own = max(float(at_events.errors(found).max()), float(at_times.errors(flow.theta(run.times)).max()))
    late = float(whens.errors(np.array([event.time for event in flow.events])).max())
    return Instance(name, run, len(flow.events), at_times, own, f"mpmath, events {late:.0e}")


def _smallest() -> Instance:
    """One threshold, at rest on the second datum from ln(5/4) on: b = 5/2·e^{-t} - 2 before, 0 after."""
    run = peers.Run(SMALLEST, np.linspace(0.0, 10.0, TIMES))
    with mpmath.workdps(50):
        truth = twofold([[max(mpmath.mpf(5) / 2 * mpmath.exp(-mpmath.mpf(t)) - 2, 0)] for t in run.times.tolist()])
    flow = chamber_flow(**SMALLEST, t_max=10.0)
    own = float(truth.errors(flow.theta(run.times)).max())
    return Instance("smallest slide, Q = L = 1", run, len(flow.events), truth, own, "closed form, mpmath")


def _sliding(name: str, problem: dict[str, Any], end: float) -> Instance:
    """A flow that slides: the truth is symflow's, every event of it isolated in ball arithmetic."""
    from symflow.flow.chamber.balls import isolate_events

    run = peers.Run(problem, np.linspace(0.0, end, TIMES))
    flow = chamber_flow(**problem, t_max=end)
    balls = isolate_events(flow)
    states = flow.theta(run.times)
    return Instance(
        name, run, len(flow.events), Twofold(states, np.zeros_like(states)), balls.state_error,
        f"ball arithmetic, {balls.bits} bits, times {balls.time_error:.0e}",
    )  # fmt: skip


def _ours(instance: Instance) -> list[str]:
    work = peers.symflow(instance.run)
    work()
    answer, needed = min((cpu_seconds(work) for _ in range(5)), key=lambda run: run[1])
    each = 1e6 * needed / instance.events
    cells = [f"{1e3 * needed:.3g} ms", f"{each:.3g}", small(instance.own_error), "yes" if answer.content else "no"]
    row([instance.name, "**symflow**", *cells, f"{instance.events} events; against {instance.against}"])
    if answer.content and instance.own_error <= STATES:
        return []
    return [f"chamber flow, {instance.name}: errors up to {instance.own_error}, {answer.remark or 'finished'}"]


def _end_error(answer: Answer, truth: Twofold) -> float | None:
    """Error of the last state; None if the program did not come to the last time, or left the numbers."""
    if answer.states.shape != truth.high.shape or not np.isfinite(answer.states[-1]).all():
        return None
    return float(np.abs(answer.states[-1] - truth.high[-1]).max())
