"""Four ways to one gradient, in one run: proved formulas, moments, autograd through the layers, JAX.

    python benchmarks/gradients.py [--seconds S]

The gradient of the input-layer cost by all biases and rotations of an adapted ReLU network (theory B2, B4), for data
scattered over many chambers, and for clusters that share their activation patterns. Columns:

- moments: a few rows with the same moments in place of each group of data with one pattern and class (theory C8);
- grouping: finding these rows, which a flow does once in a chamber;
- proved: the right sides of B2 and B4, proved here, as NumPy functions (``report.lambdify()``), states included;
- autograd: the oracle, which reads its arguments entry by entry and differentiates the original layers;
- JAX: the truncation maps under ``jax.jit(jax.grad(...))``, on the processor, where JAX is installed.

The column of moments is in microseconds, the others are multiples of it; all are medians. Then come the tables of
``batches.py``: many networks at once, and many data in one chamber, beside JAX and PyTorch. Exit status 1: two ways
differ by more than 1e-9 of the largest entry.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import batches
import numpy as np
from numpy.typing import NDArray

from symflow.derivation.files import load
from symflow.flow.rotation.equations import Parameters, descent
from symflow.flow.rotation.grouping import Patterns
from symflow.flow.rotation.problem import read_problem
from symflow.network import (
    LabelledData,
    PolarParameters,
    class_weights,
    draw_inside_chamber,
    pulled_back_targets,
    trajectory,
)
from symflow.oracle import floating

Floats = NDArray[np.float64]
Gradient = tuple[Floats, Floats]  # by the biases (L, Q), by the rotations (L, Q, Q)
Situation = tuple[PolarParameters, LabelledData]
Work = Callable[[], Gradient]
DERIVATIONS = Path(__file__).parents[1] / "derivations"
SIZES = ((3, 1, 50), (3, 2, 50), (3, 3, 50), (10, 3, 1000))
TOLERANCE = 1e-9


def proved_formulas() -> Callable[[PolarParameters, LabelledData, Floats], Gradient]:
    """Proves B2 and B4, and puts their right sides together to a gradient, layer by layer from the last."""
    names = {"B2": "b2_bias_gradient_at_every_depth.py", "B4": "b4_rotations_at_every_depth.py"}
    bias, turn = (_proved(DERIVATIONS / name, label) for label, name in names.items())

    def gradient(network: PolarParameters, data: LabelledData, goals: Floats) -> Gradient:
        path, depth = trajectory(network, data.points), network.depth
        betas, rotations = np.array(network.biases[:depth]), np.array(network.rotations)
        suffix = np.broadcast_to(np.eye(betas.shape[1]), (data.size, *rotations.shape[1:]))
        remainder = np.zeros_like(data.points)
        by_bias, by_rotation = np.empty_like(betas), np.empty_like(rotations)
        for layer in reversed(range(depth)):
            R, H, w, beta = rotations[layer], path.patterns[layer].astype(int), path.states[layer], betas[layer]
            P = (R.T * H[:, np.newaxis, :]) @ R
            after: dict[str, Any] = {"K": suffix, "q": remainder, "w": w, "y": goals, "weights": data.weights}
            by_bias[layer] = bias(S=P, b=beta, **after)
            by_rotation[layer] = -turn(R=R, H=H, beta=beta, **after)
            remainder = remainder + (suffix @ (P @ beta - beta)[..., np.newaxis])[..., 0]
            suffix = suffix @ P
        return by_bias, by_rotation

    return gradient


def _proved(file: Path, label: str) -> Callable[..., Floats]:
    home = next(d for d in load(file) if any(statement.label == label for statement in d.everything()))
    function: Callable[..., Floats] = home.check().lambdify()[label]
    return function


def by_moments(network: PolarParameters, data: LabelledData, goals: Floats) -> tuple[Callable[[], Patterns], Work]:
    """Grouping by pattern and class; and the gradient from the groups."""
    depth = network.depth
    betas, rotations = np.array(network.biases[:depth]), np.array(network.rotations)
    active = trajectory(network, data.points).patterns
    classes = np.array([goals[data.labels.index(label)] for label in range(max(data.labels) + 1)])
    problem = read_problem(data.points, data.labels, classes, betas, rotations, data.weights, "rotations")
    at = Parameters(betas, rotations, np.ascontiguousarray(rotations.transpose(0, 2, 1)))
    groups = Patterns(problem, active)

    def gradient() -> Gradient:
        velocity, _ = descent(groups.rows, at, "rotations")
        return -velocity[: betas.size].reshape(betas.shape), -velocity[betas.size :].reshape(rotations.shape)

    return lambda: Patterns(problem, active), gradient


def by_autograd(network: PolarParameters, data: LabelledData) -> Work:
    """The oracle, which gets the adapted coordinates and differentiates the original layers."""
    depth = network.depth
    parameters = {
        "stretches": network.stretches, "rotations": network.rotations, "biases": network.biases,
        "output": network.output,
    }  # fmt: skip

    def gradient() -> Gradient:
        found = floating.gradients(parameters, data.points, data.targets, data.weights, coordinates="adapted")
        return np.array(found["biases"][:depth]), np.array(found["rotations"])

    return gradient


def by_jax(network: PolarParameters, data: LabelledData, goals: Floats) -> Work:
    """Truncation maps in JAX, differentiated and compiled; the Lie gradient is the antisymmetric part of ∂C/∂R Rᵀ."""
    jax, jnp = import_module("jax"), import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)
    betas, rotations = jnp.array(network.biases[: network.depth]), jnp.array(network.rotations)
    x, y, omega = jnp.array(data.points), jnp.array(goals), jnp.array(data.weights)

    def cost(shifts: Any, turns: Any) -> Any:
        z = x
        for shift, turn in zip(shifts, turns, strict=True):
            z = jax.nn.relu((z + shift) @ turn.T) @ turn - shift
        return (omega * ((z - y) ** 2).sum(axis=1)).sum() / 2

    def slopes(shifts: Any, turns: Any) -> Any:
        by_bias, by_entries = jax.grad(cost, argnums=(0, 1))(shifts, turns)
        product = by_entries @ turns.transpose(0, 2, 1)
        return by_bias, (product - product.transpose(0, 2, 1)) / 2

    compiled = jax.jit(slopes)

    def gradient() -> Gradient:
        by_bias, by_rotation = compiled(betas, rotations)
        return np.asarray(by_bias), np.asarray(by_rotation)

    return gradient


def median_time(work: Callable[[], object], seconds: float) -> float:
    """Median over at least three runs, after one that warms up, within about the given time."""
    work()
    times: list[float] = []
    limit = time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < limit and len(times) < 2000):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def difference(found: Gradient, expected: Gradient) -> float:
    """Largest difference over the largest entry."""
    parts = [np.abs(a - b).max() / np.abs(b).max() for a, b in zip(found, expected, strict=True)]
    return float(max(parts))


def scattered(Q: int, L: int, N: int) -> Situation:
    """A random network, and data all over the plane, so that most of them have a pattern of their own."""
    return draw_inside_chamber(np.random.default_rng(Q + L), Q=Q, L=L, N=N, margin=1e-4)


def clustered(Q: int, L: int, N: int) -> Situation:
    """A random network and Q clusters, each so narrow that its data share their patterns."""
    rng = np.random.default_rng(Q + L)
    network, centres = draw_inside_chamber(rng, Q=Q, L=L, N=Q, margin=0.05)
    chosen = np.arange(N) % Q
    # No preactivation moves by more than twice the distance of a datum from its centre: stretches are at most 2.
    points = centres.points[chosen] + rng.uniform(-0.02, 0.02, size=(N, Q)) / np.sqrt(Q)
    labels = tuple(centres.labels[place] for place in chosen)
    return network, LabelledData(points, centres.targets[chosen], class_weights(labels), labels)


def main() -> int:
    """Print the table; 1 if two ways differ."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=0.5, help="time for each entry of the table (default: 0.5)")
    seconds = parser.parse_args().seconds
    formulas, failed = proved_formulas(), False
    print("| data | Q | L | N | rows | moments, µs | grouping | proved | autograd | JAX | largest difference |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for draw, (Q, L, N) in ((draw, sizes) for draw in (scattered, clustered) for sizes in SIZES):
        network, data = draw(Q, L, N)
        goals = pulled_back_targets(network, data.targets)
        group, moments = by_moments(network, data, goals)
        ways: list[Work] = [partial(formulas, network, data, goals), by_autograd(network, data)]
        ways += [by_jax(network, data, goals)] if find_spec("jax") else []
        worst = max(difference(way(), moments()) for way in ways)
        failed |= worst > TOLERANCE
        unit = median_time(moments, seconds)
        ratios = [f"{median_time(work, seconds) / unit:.1f}" for work in (group, *ways)]
        ratios += ["–"] * (4 - len(ratios))
        sizes = f"{draw.__name__} | {Q} | {L} | {N} | {len(group().rows.points)}"
        print(f"| {sizes} | {1e6 * unit:.0f} | {' | '.join(ratios)} | {worst:.0e} |", flush=True)
    for table in (batches.batches, batches.moments):
        print()
        failed |= table(40) > TOLERANCE
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
