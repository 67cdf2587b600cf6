"""First table: one threshold that rises past N data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from capped import cpu_seconds
from peers import separated as peers
from problems import Answer, Cluster, Floats, cluster
from references import Twofold, separated_reference

from tables.rows import Work, beside, bind, heading, row, small, times

EVENTS, THRESHOLDS = 4e-15, 1e-14  # what `separated_flow` states: relative, and absolute for numbers up to 6


def separated(quick: bool, seconds: float) -> list[str]:
    """Print the table; what is less exact than stated."""
    print("Separated flow: 98 % of N data are events; event times, and thresholds at 50 times up to 30. Ratios are to")
    print("separated_flow with evaluation; those to its trajectory alone are marked *. Reference: mpmath, 50 digits.\n")
    heading("N", "program", "CPU time", "events, relative error", "thresholds, error", "remark")
    failed: list[str] = []
    slow: set[str] = set()  # a program that was too slow is not asked for more data
    for count in (1_000,) if quick else (1_000, 10_000, 100_000, 1_000_000):
        problem = cluster(count)
        reference = separated_reference(problem)
        failed += _ours(problem, reference)
        for name, adapter, style, base in _peers(quick):
            if name in slow:
                continue
            mark = "*" if base is peers.symflow_trajectory else ""
            theirs = bind(adapter, problem, *([style] if style else []))
            turns, reason = beside(bind(base, problem), name, theirs, seconds)
            if turns is None:
                if reason != "not installed":
                    row([count, name, "—", "–", "–", reason])
                    slow.add(name)
                continue
            answer = turns.their_answer
            row([count, name, times(turns.ratio) + mark, *map(small, errors(answer, reference)), remark(answer)])
    return failed


def _peers(quick: bool) -> Iterator[tuple[str, Any, str, Any]]:
    alone, evaluated = peers.symflow_trajectory, peers.symflow
    yield "numpy.sort", peers.sort, "", alone
    yield "heyoka, tuned callback", peers.heyoka, "tuned", evaluated
    yield "heyoka", peers.heyoka, "plain", evaluated
    yield "heyoka, continuous output", peers.heyoka, "kept", alone
    for method in ("LSODA",) if quick else ("LSODA", "DOP853"):
        yield f"scipy {method}", peers.scipy, method, evaluated
        if not quick:
            yield f"scipy {method}, restarted at events", peers.scipy_events, method, evaluated
    for method in ("Tsit5",) if quick else ("Tsit5", "Dopri8"):
        yield f"diffrax {method}", peers.diffrax, method, evaluated
    yield "jax gradient descent", peers.jax_descent, "", evaluated
    if not quick:
        yield "torch gradient descent", peers.torch_descent, "", evaluated


def _ours(problem: Cluster, reference: tuple[Twofold, Twofold]) -> list[str]:
    work: Work = peers.symflow(problem)
    work()
    answer, needed = min((cpu_seconds(work) for _ in range(5)), key=lambda run: run[1])
    in_events, in_thresholds = errors(answer, reference)
    count = problem.points.size
    row([count, "**symflow**", f"{1e3 * needed:.3g} ms", small(in_events), small(in_thresholds), ""])
    failed = []
    if in_events is None or not in_events <= EVENTS:
        failed.append(f"separated flow, N = {count}: event times have errors up to {in_events}")
    if in_thresholds is None or not in_thresholds <= THRESHOLDS:
        failed.append(f"separated flow, N = {count}: thresholds have errors up to {in_thresholds}")
    return failed


def errors(answer: Answer, reference: tuple[Twofold, Twofold]) -> tuple[float | None, float | None]:
    """Largest relative error of an event time and largest error of a threshold; None for what is not there."""
    events, thresholds = reference
    return _largest(answer.events, events, events.high), _largest(answer.states, thresholds, np.float64(1.0))


def _largest(found: Floats | None, expected: Twofold, unit: Any) -> float | None:
    if found is None or found.shape != expected.high.shape:
        return None
    return float((expected.errors(found) / unit).max())


def remark(answer: Answer) -> str:
    """What the program said of its run."""
    return answer.remark if answer.content else f"gives up: {answer.remark}"
