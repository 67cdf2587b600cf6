"""The public entry: check what is given, integrate or descend, hand over the trajectory."""

from __future__ import annotations

from importlib.util import find_spec

from symflow.errors import KindError, ShapeError, UnsupportedError
from symflow.flow.given import Progress, is_real, read_choice, read_count, read_horizon, read_tolerance
from symflow.flow.layered.descent import descend
from symflow.flow.layered.effective import EffectiveSystem
from symflow.flow.layered.integration import Integration, Leg, Memory
from symflow.flow.layered.original import OriginalSystem
from symflow.flow.layered.systems import Cost
from symflow.flow.layered.trajectories import LayeredTrajectory
from symflow.flow.reporting import Report, report_for
from symflow.flow.streamed_arrays import StreamedData
from symflow.network import AnyParameters, LabelledData, LayeredParameters, to_layers, to_pulled_back

MOST_EVENTS = 20_000


def layered_flow(
    network: AnyParameters,
    data: LabelledData | StreamedData,
    *,
    t_max: float,
    cost: Cost = "input",
    step: float | None = None,
    rtol: float = 1e-9,
    max_events: int = MOST_EVENTS,
    progress: Progress | None = None,
) -> LayeredTrajectory:
    """Gradient flow, or gradient descent, of the layers: Ẇ_ℓ = −∂C/∂W_ℓ, ḃ_ℓ = −∂C/∂b_ℓ, ℓ = 1..L+1 (theory F5, F6).

    All layers move, the output layer too. The result has the layers, W^(ℓ), b^(ℓ) and β_ℓ at any time, and
    ``effective``, the gradient flow in (W^(ℓ), β_ℓ) from the same start.

    Args:
        network: the start, in any coordinates; any widths with the standard cost.
        data: points, targets and weights; ``StreamedData`` for memory-mapped arrays and Dask arrays, which are read
            block by block.
        t_max: run up to this time.
        cost: "input" for C = ½⟨|z_L − ỹ|²⟩, which needs invertible weights of one width; "standard" for
            C_std = ½⟨|x^(L+1) − y|²⟩.
        step: η of gradient descent; the flow unless given.
        rtol: relative error of a step of the flow, by SciPy's DOP853, 1e-13 to 1e-2.
        max_events: stop with status "unresolved" after so many walls.
        progress: called with t/t_max now and then, from 0 again while ``effective`` is integrated.

    The flow is that of Clarke's inclusion: at a wall a datum crosses or slides. Steps are looked over at eight times;
    a wall that is met and left again in between is not seen. Descent takes ReLU′(0) = 0.

    Raises ShapeError, KindError, UndefinedError (singular weights at the start), UnsupportedError (exact numbers),
    LimitError (more than a million steps of descent). SciPy is needed for the flow.

    One layer and one datum, x = 1, y = 3, with the standard cost: w₁ and w₂ grow together.

    >>> start = LayeredParameters(weights=([[1.0]], [[1.0]]), biases=([0.0], [0.0]))
    >>> data = LabelledData(points=[[1.0]], targets=[[3.0]], weights=[1.0], labels=(0,))
    >>> run = layered_flow(start, data, t_max=20.0, cost="standard")
    >>> [float(loss) > 1e-9 for loss in run.loss([0.0, 20.0])], run.status
    ([True, False], 'finished')
    """
    if isinstance(data, StreamedData):
        from symflow.flow.streaming import streamed_layered_flow

        return streamed_layered_flow(
            network, data, t_max=t_max, cost=cost, step=step, rtol=rtol, max_events=max_events, progress=progress
        )
    report = report_for(progress, t_max)
    check_run(network, t_max, cost, step, rtol, max_events)
    _check_data(data)
    points, targets, masses = data.points, data.targets, data.weights
    widths = to_layers(network).widths
    check_widths(widths, points.shape[1], targets.shape[1], cost)

    def integrate(
        network: AnyParameters, original: bool, t_max: float, report: Report | None, memory: Memory | None
    ) -> LayeredTrajectory:
        start: AnyParameters = to_layers(network) if original else to_pulled_back(network)
        system = (OriginalSystem if original else EffectiveSystem)(points, targets, masses, widths, cost)
        theta = system.join(list(start.as_mapping()["weights"]), list(start.as_mapping()["biases"]))
        system.cost(theta)  # a start that is singular is refused; a run that becomes so ends there
        after: Memory | None = None
        if step is not None:
            outcome = descend(system, theta, t_max, float(step), report)
        else:
            integration = Integration(
                system, theta, t_max, float(rtol), max_events, report, Leg(memory=memory, first=memory is None)
            )
            outcome = integration.run()
            after = None if outcome[2] == "unresolved" else integration.memory
        if report is not None:
            report.finish(outcome[0][-1].end)

        def follow(further: float, progress: Progress | None) -> LayeredTrajectory:
            check_run(network, further, cost, step, rtol, max_events)
            at_end = found.state(found.end).network
            return integrate(at_end, original, float(further), report_for(progress, further), after)

        effective = (lambda: integrate(network, False, t_max, report, None)) if original else None
        found = LayeredTrajectory(system, *outcome, original, data, follow, effective)
        return found

    return integrate(network, True, float(t_max), report, None)


def check_run(network: AnyParameters, t_max: float, cost: str, step: float | None, rtol: float, most: int) -> None:
    """Check all that ``layered_flow`` is given but the data."""
    if not isinstance(network, AnyParameters):
        raise KindError(
            f"network is {type(network).__name__}; give LayeredParameters, or other coordinates of a network"
        )
    if network.exact:
        raise UnsupportedError("a trajectory is computed in floats; call to_floats() on network and data first")
    if isinstance(network, LayeredParameters) and network.depth == 0:
        raise ShapeError("a network with one affine layer has nothing to truncate; give two layers at least")
    read_horizon(t_max)
    read_choice(cost, "cost", ("input", "standard"))
    if step is not None and not (is_real(step) and 0 < step <= t_max):
        raise KindError(f"the step of gradient descent must lie between 0 and t_max = {t_max}; got {step!r}")
    read_tolerance(rtol)
    read_count(most, "max_events")
    if step is None and find_spec("scipy") is None:
        raise UnsupportedError(
            'the flow needs SciPy, which is not installed here: pip install "symflow[flow]"; gradient descent does not'
        )


def check_widths(widths: tuple[int, ...], inputs: int, outputs: int, cost: str) -> None:
    """Raise ShapeError where data from R^inputs to R^outputs do not fit the layers, or the layers not the cost."""
    if (inputs, outputs) != (widths[0], widths[-1]):
        raise ShapeError(f"data in R^{inputs} with targets in R^{outputs} do not fit widths {widths}")
    if cost == "input" and len(set(widths)) > 1:
        raise ShapeError(f'the cost "input" needs one width for all layers; they are {widths}. Try cost="standard"')


def _check_data(data: LabelledData) -> None:
    if not isinstance(data, LabelledData):
        raise KindError(
            f"data is {type(data).__name__}; give LabelledData(points, targets, weights, labels), or StreamedData for "
            "arrays that do not fit into memory"
        )
    if data.exact:
        raise UnsupportedError("a trajectory is computed in floats; call to_floats() on network and data first")
