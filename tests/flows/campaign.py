"""Random chamber flows: each one finishes or says why not, and what there is of it is right.

``chamber_flow`` is asked for every instance, and its answer is put to routes that share nothing with it: the checker
of Filippov's conditions from the points, segment by segment; the cost, from the definition of the network, on a grid
far denser than the checker's; and for a sample the smoothed network (``comparing``). A verdict like "non-unique" is an
answer: the flow up to there is checked like any other, and so are the continuations that it names (``continuing``).
Anything else is *wrong*: an exception, a status without a name, a flow that does not reach where it says, a check that
fails, a cost that rises, a limit of smoothed networks that is another one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from symflow.errors import CertificateError
from symflow.flow import chamber_flow
from symflow.flow.chamber import ChamberTrajectory, check_trajectory
from tests.flows.comparing import Comparison, compare
from tests.flows.continuing import check_continuations
from tests.flows.smoothed import smoothed_network
from tests.unit.flow.chamber.instances import draw

FINISHED = ("equilibrium", "horizon")
VERDICTS = ("non-unique", "doubtful", "crowded", "max-events")
GRID = 1000  # times at which the cost is taken
RISE = 1e-13  # by so much of 1 + cost it may rise from one to the next: roundoff of a sum over the data


@dataclass(frozen=True)
class Instance:
    """What ``instances.draw`` is asked for, how long it flows, and whether smoothed networks are asked as well."""

    seed: int
    L: int
    N: int = 200
    Q: int = 3
    horizon: float = 20.0
    smoothed: bool = False

    def __str__(self) -> str:
        return f"draw({self.seed}, N={self.N}, Q={self.Q}, L={self.L}), t_max={self.horizon:g}"


@dataclass
class Judged:
    """What came of an instance; ``wrong`` says what must not happen."""

    instance: Instance
    status: str = "none"
    message: str = ""
    events: int = 0
    sliding: int = 0  # segments that slide
    defects: dict[str, float] = field(default_factory=dict)
    continuations: int = 0  # followed and checked, of a verdict "non-unique"
    comparison: Comparison | None = None
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.instance}: {self.status} {self.message}" + "".join(f"\n    WRONG: {what}" for what in self.wrong)


def judge(instance: Instance) -> Judged:
    """Integrate one instance and check the answer."""
    found, start = Judged(instance), time.perf_counter()
    try:
        _judge(found)
    except CertificateError as error:
        found.wrong.append(f"the checker refuses it: {error}")
    except Exception as error:  # noqa: BLE001 - whatever is raised is a finding
        found.wrong.append(f"{type(error).__name__}: {error}")
    found.seconds = time.perf_counter() - start
    return found


def _judge(found: Judged) -> None:
    instance = found.instance
    problem = draw(instance.seed, N=instance.N, Q=instance.Q, L=instance.L)
    flow = chamber_flow(**problem, t_max=instance.horizon)
    found.status, found.message = flow.status, flow.message
    segments = flow.segments
    found.events, found.sliding = max(0, len(segments) - 1), sum(bool(segment.sliding) for segment in segments)
    found.wrong += contradictions(flow, instance.horizon)
    if flow.status == "non-unique":
        found.wrong += _doubts(found, flow)
    if flow.t_end == 0.0:
        return
    certificate = asdict(check_trajectory(flow, samples=2))
    found.defects = {name: value for name, value in certificate.items() if name not in {"segments", "times"}}
    found.defects["rise"] = rise = _rise(problem, flow)
    if not rise <= RISE:
        found.wrong.append(f"the cost rises by {rise:.1e} of its size")
    if instance.smoothed:
        found.comparison = compare(problem, flow)
        if not found.comparison.agrees:
            found.wrong.append(f"smoothed networks tend to something else: {found.comparison}")


def _doubts(found: Judged, flow: ChamberTrajectory) -> Iterator[str]:
    """Why the flow might be unique after all."""
    try:
        found.continuations = check_continuations(flow)
    except CertificateError as error:
        yield f"a continuation that it names is none: {error}"
    else:
        if not found.continuations:
            yield "from where it ends, the flow goes on"


def contradictions(flow: ChamberTrajectory, horizon: float) -> Iterator[str]:
    """What a trajectory says of itself that cannot be."""
    if flow.status not in (*FINISHED, *VERDICTS):
        yield f"{flow.status!r} is not a status"
    if not flow.message:
        yield "there is no message"
    if flow.status in FINISHED and flow.t_end != horizon:
        yield f"it is to have finished, and ends at {flow.t_end:g}"
    if not 0.0 <= flow.t_end <= horizon:
        yield f"it ends at {flow.t_end:g}"
    reached = 0.0
    for number, segment in enumerate(flow.segments):
        if segment.begin != reached or segment.end < segment.begin:
            yield f"segment {number} goes from {segment.begin:g} to {segment.end:g}, the one before to {reached:g}"
        reached = segment.end
    if reached < flow.t_end:
        yield f"the segments end at {reached:g}"


def _rise(problem: dict[str, Any], flow: ChamberTrajectory) -> float:
    """The largest rise of the cost on a grid, as a share of 1 + cost; typed anew, from the ReLU network itself."""
    network = smoothed_network(problem, 0.0)
    biases = flow.bias(np.linspace(0.0, flow.t_end, GRID))
    costs = np.array([network.cost(beta, problem["rotations"]) for beta in biases])
    if not np.isfinite(costs).all():
        return float("nan")
    return max(0.0, float((np.diff(costs) / (1.0 + costs[:-1])).max()))


def judge_all(instances: Iterable[Instance], jobs: int = 1) -> Iterator[Judged]:
    """One after another, in so many processes."""
    if jobs == 1:
        yield from map(judge, instances)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(judge, instances)
