"""``layered_flow`` for data that do not fit into memory (``layered_windows``), and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import UnsupportedError
from symflow.flow.given import Progress, read_count
from symflow.flow.layered.effective import EffectiveSystem
from symflow.flow.layered.flows import MOST_EVENTS, check_run, check_widths
from symflow.flow.layered.original import OriginalSystem
from symflow.flow.layered.systems import Cost, Floats, System
from symflow.flow.layered.trajectories import LayeredTrajectory
from symflow.flow.reporting import Report, report_for
from symflow.flow.streamed_arrays import StreamedData
from symflow.flow.streaming.layered_windows import Known, LayersRun
from symflow.flow.streaming.nearest import Passes
from symflow.flow.streaming.sources import BLOCK, Block, open_source
from symflow.flow.streaming.surveying import survey
from symflow.network import AnyParameters, to_layers, to_pulled_back
from symflow.network.arrays import as_array

EXPLICIT = 1 << 11  # data that a window keeps, about: gradients go through all of them


@dataclass(frozen=True, eq=False)
class StreamedLayeredTrajectory(LayeredTrajectory):
    """Trajectory of ``layered_flow`` for data in files: ``begins`` of its windows, ``passes`` over the data."""

    costs: Callable[[Floats], Floats] = field(repr=False)
    begins: NDArray[np.float64] = field(repr=False)
    passes: int

    @property
    def windows(self) -> int:
        """How many windows the run was cut into."""
        return len(self.begins)

    def loss(self, times: ArrayLike) -> Floats:
        """The cost, (T,), with ReLU itself: one more pass over the data."""
        return self.costs(self._states(times))


@dataclass(frozen=True, eq=False)
class Costs:
    """The task: the costs (T,) of a block for parameters (T, n)."""

    empty: System
    targets: Floats
    masses: Floats
    states: Floats

    def __call__(self, block: Block) -> Floats:
        """One block."""
        assert block.labels is not None
        targets, masses = self.targets[block.labels], block.masses(self.masses)
        system = replace(self.empty, points=block.points, targets=targets, masses=masses)
        return np.array([system.cost(state) for state in self.states])


def _sum(parts: Sequence[Floats]) -> Floats:
    return np.asarray(np.sum(parts, axis=0))


def streamed_layered_flow(
    network: AnyParameters,
    data: StreamedData,
    *,
    t_max: float,
    cost: Cost = "input",
    step: float | None = None,
    rtol: float = 1e-9,
    max_events: int = MOST_EVENTS,
    progress: Progress | None = None,
    explicit: int = EXPLICIT,
    block: int = BLOCK,
) -> StreamedLayeredTrajectory:
    """``layered_flow`` for ``data`` whose points are a memory-mapped array or a Dask array, or any other array.

    ``explicit``: how many data a window keeps; ``block``: how many rows are in memory at a time. The result agrees with
    the flow in memory up to ``rtol``: steps end where windows end. Descent makes the same steps, up to roundoff.

    Raises what ``layered_flow`` raises; a message names the row of a wrong entry. CertificateError: two passes
    contradict each other, so that the result would be wrong. LimitError: the states of a descent are too many to keep.

    >>> from symflow.network import LayeredParameters
    >>> start = LayeredParameters(weights=([[1.0]], [[1.0]]), biases=([0.5], [0.0]))
    >>> points = np.linspace(-2.0, 2.0, 30)[:, None]
    >>> data = StreamedData(points, np.arange(30) // 15, [[1.0], [3.0]])
    >>> run = streamed_layered_flow(start, data, t_max=1.0, cost="standard", explicit=2)
    >>> run.status, run.windows > 1, bool(run.loss([1.0])[0] < run.loss([0.0])[0])
    ('finished', True, True)
    """
    check_run(network, t_max, cost, step, rtol, max_events)
    goals = as_array(data.targets, "targets", 2)
    if goals.dtype == object:
        raise UnsupportedError("a trajectory is computed in floats; the targets are Fractions")
    source = open_source(data.points, data.labels, data.weights, len(goals), block)
    widths = to_layers(network).widths
    check_widths(widths, source.width, goals.shape[1], cost)
    known = survey(source)
    explicit = read_count(explicit, "explicit", 1)

    def integrate(
        network: AnyParameters, original: bool, t_max: float, report: Report | None, memory: Known | None
    ) -> StreamedLayeredTrajectory:
        start: AnyParameters = to_layers(network) if original else to_pulled_back(network)
        empty = (OriginalSystem if original else EffectiveSystem)(
            np.zeros((0, source.width)), np.zeros((0, goals.shape[1])), np.zeros(0), widths, cost
        )
        theta = empty.join(list(start.as_mapping()["weights"]), list(start.as_mapping()["biases"]))
        empty.cost(theta)  # a start that is singular is refused; a run that becomes so ends there
        run = LayersRun(
            Passes(source, known.masses, explicit, known.extent), empty, goals, theta, t_max, report, memory
        )
        status, message = run.flow(float(rtol), max_events) if step is None else run.descend(float(step))
        if report is not None:
            report.finish(run.pieces[-1].end)

        def follow(further: float, progress: Progress | None) -> LayeredTrajectory:
            check_run(network, further, cost, step, rtol, max_events)
            after = run.known if step is None and status != "unresolved" else None
            return integrate(
                found.state(found.end).network, original, float(further), report_for(progress, further), after
            )

        def costs(states: Floats) -> Floats:
            return source.reduce(Costs(empty, goals, known.masses, states), _sum)

        effective = (lambda: integrate(network, False, t_max, report, None)) if original else None
        found = StreamedLayeredTrajectory(
            empty, tuple(run.pieces), tuple(run.events), status, message, original, data, follow, effective,
            costs, np.array(run.begins), 1 + run.passes.count,
        )  # fmt: skip
        return found

    return integrate(network, True, float(t_max), report_for(progress, t_max), None)
