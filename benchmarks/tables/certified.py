"""Fifth table: what certificates of chamber flows cost, whole flows with their slides."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from problems import draw

from symflow.errors import CertificateError
from symflow.flow import chamber_flow
from symflow.flow.chamber import check_trajectory
from symflow.flow.chamber.balls import isolate_events
from tables.rows import heading, row

END = 20.0
SIZES = ((2, 200), (3, 200), (2, 2000))  # L, N
MANY, FEW = 30, 4  # draws, few of them with --quick
RUNS = 3


def certified(quick: bool, _: float) -> list[str]:
    """Print the table; nothing in it can fail: a flow that is not certified is counted."""
    count = FEW if quick else MANY
    print(f"Certificates: CPU time for each event of {count} draws to t = {END:g}, slides included, by the checker and")
    print(f"the replay in balls (the least of {RUNS} runs); median, quartiles and largest of the sums.\n")
    heading("L", "N", "events", "µs checker", "µs replay", "µs together", "not certified")
    for depth, size in SIZES:
        found, events, refused = [], 0, 0
        for seed in range(count):
            flow = chamber_flow(**draw(seed, size, L=depth), t_max=END)
            passed = len(flow.segments) - 1
            if passed < 1:
                continue
            try:
                found.append([1e6 * _seconds(work, flow) / passed for work in (check_trajectory, isolate_events)])
            except CertificateError:
                refused += 1
            events += passed
        each = np.array(found).T
        low, middle, high, top = np.quantile(each.sum(axis=0), [0.25, 0.5, 0.75, 1.0])
        medians = np.median(each, axis=1)
        row(
            [
                depth, size, events, f"{medians[0]:.0f}", f"{medians[1]:.0f}",
                f"{middle:.0f} ({low:.0f} to {high:.0f}, at most {top:.0f})", refused,
            ]
        )  # fmt: skip
    return []


def _seconds(work: Callable[[Any], Any], flow: Any) -> float:
    taken = []
    for _ in range(RUNS):
        start = time.process_time()
        work(flow)
        taken.append(time.process_time() - start)
    return min(taken)
