"""Many networks at once, and many data in one chamber, beside JAX and PyTorch in the same run.

    python benchmarks/batches.py [--repeats R] [--flows]

1. Gradients of B networks: closed forms by all cumulative biases and rotations, and by general cumulative weights
   (``symflow.flow.batched_gradients``, ``batched_weight_gradients``, checks of their input included), beside
   ``jit(vmap(grad(cost)))`` of JAX and ``vmap(grad(cost))`` of PyTorch on the original layers (W_ℓ, b_ℓ).
2. The gradient in one chamber from moments: ``chamber_quadratic`` by the biases, ``chamber_moments`` by biases and
   rotations, beside a jitted gradient in JAX that sees all data.
3. With ``--flows``: flows side by side in JAX beside the same flows one after the other.

All in float64 on the processor, in turns, and the least wall time of R turns; JAX may use several cores, symflow uses
one. Peers that are not installed are left out, with a message. Exit status 1: two ways differ by more than 1e-9.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.flow import (
    batched_gradients,
    batched_weight_gradients,
    chamber_flow,
    chamber_moments,
    chamber_quadratic,
    many_flows,
    separated_flow,
    single_layer_flows,
)
from symflow.flow.batched import gradients

Floats = NDArray[np.float64]
Work = Callable[[], Any]
BATCHES = ((1000, 3, 3, 50), (100, 10, 5, 100))  # B, Q, L, N
TOLERANCE = 1e-9


class Networks:
    """B adapted networks with W^(L+1) = 1 and no output bias, so that the cost of the layers is that of the maps."""

    def __init__(self, B: int, Q: int, L: int, N: int) -> None:
        rng = np.random.default_rng(B + Q + L)
        self.points, self.labels = rng.normal(size=(N, Q)), np.arange(N) % Q
        self.targets, self.masses = rng.normal(size=(Q, Q)), 1 / np.bincount(self.labels)[self.labels]
        self.rotations = np.linalg.qr(rng.normal(size=(B, L, Q, Q)))[0]
        self.biases = self.rotations.swapaxes(2, 3) @ rng.uniform(-0.5, 1.5, size=(B, L, Q, 1))
        self.biases = self.biases[..., 0]
        # General weights: stretched along other axes too.
        frames = np.linalg.qr(rng.normal(size=(B, L, Q, Q)))[0]
        stretches = rng.uniform(0.5, 2.0, size=(B, L, Q, 1))
        self.general = frames.swapaxes(2, 3) @ (stretches * (frames @ self.rotations))

    def layers(self) -> tuple[Floats, Floats]:
        """W_ℓ (B, L+1, Q, Q) and b_ℓ (B, L+1, Q), theory A1."""
        B, _, Q = self.biases.shape
        cumulative = np.concatenate([self.rotations, np.tile(np.eye(Q), (B, 1, 1, 1))], axis=1)
        shifts = np.concatenate([(self.rotations @ self.biases[..., None])[..., 0], np.zeros((B, 1, Q))], axis=1)
        weights, own = cumulative.copy(), shifts.copy()
        weights[:, 1:] = cumulative[:, 1:] @ cumulative[:, :-1].swapaxes(2, 3)
        own[:, 1:] -= (weights[:, 1:] @ shifts[:, :-1, :, None])[..., 0]
        return weights, own

    def pulled_back(self, by_weight: Floats, by_bias: Floats) -> tuple[Floats, Floats]:
        """Gradients by β_ℓ and R_ℓ from those by W_ℓ and b_ℓ (theory A6)."""
        weights, _ = self.layers()
        L, R = self.biases.shape[1], self.rotations
        shifts = (R @ self.biases[..., None])[..., 0]
        G = by_weight.copy()
        G[:, 1:] -= by_bias[:, 1:, :, None] * shifts[:, :, None, :]
        back = weights[:, 1:].swapaxes(2, 3)
        b = by_bias[:, :L] - (back @ by_bias[:, 1:, :, None])[..., 0]
        above = np.concatenate([np.tile(np.eye(R.shape[2]), (len(R), 1, 1, 1)), R[:, :-1]], axis=1)
        # The inverse transpose of a rotation is the rotation; the last term keeps β fixed in place of b^(ℓ).
        W = G[:, :L] @ above - back @ G[:, 1:] @ R + b[..., None] * self.biases[:, :, None, :]
        product = W @ R.swapaxes(2, 3)
        return (R.swapaxes(2, 3) @ b[..., None])[..., 0], (product - product.swapaxes(2, 3)) / 2


def on_layers_by_jax(networks: Networks) -> Work:
    """jit(vmap(grad)) of the cost of x^(ℓ) = σ(W_ℓ x^(ℓ-1) + b_ℓ)."""
    jax: Any = import_module("jax")
    x, goals, masses = (jax.numpy.asarray(array) for array in data_of(networks))

    def cost(weights: Any, biases: Any) -> Any:
        state = x
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            state = jax.nn.relu(state @ weight.T + bias)
        error = state @ weights[-1].T + biases[-1] - goals
        return (masses * (error * error).sum(axis=1)).sum() / 2

    compiled = jax.jit(jax.vmap(jax.grad(cost, argnums=(0, 1))))
    arguments = [jax.numpy.asarray(array) for array in networks.layers()]
    return lambda: jax.block_until_ready(compiled(*arguments))


def on_layers_by_torch(networks: Networks) -> Work:
    """vmap(grad) of the same cost."""
    torch: Any = import_module("torch")
    x, goals, masses = (torch.tensor(array) for array in data_of(networks))

    def cost(weights: Any, biases: Any) -> Any:
        state = x
        for layer in range(len(weights) - 1):
            state = torch.relu(state @ weights[layer].T + biases[layer])
        error = state @ weights[-1].T + biases[-1] - goals
        return (masses * (error * error).sum(dim=1)).sum() / 2

    work = torch.func.vmap(torch.func.grad(cost, argnums=(0, 1)))
    arguments = [torch.tensor(array) for array in networks.layers()]
    return lambda: work(*arguments)


def data_of(networks: Networks) -> tuple[Floats, Floats, Floats]:
    """Points, the target of each, and masses."""
    return networks.points, networks.targets[networks.labels], networks.masses


def without_numba(work: Work) -> Work:
    """The same in NumPy alone."""

    def plain() -> Any:
        compiled, gradients.COMPILED = gradients.COMPILED, False
        try:
            return work()
        finally:
            gradients.COMPILED = compiled

    return plain


def least_times(works: dict[str, Work], repeats: int) -> dict[str, float]:
    """The least wall time of each, in seconds, after one call that warms up; in turns, as the machine's load varies."""
    best = dict.fromkeys(works, float("inf"))
    for work in works.values():
        work()
    for _ in range(repeats):
        for name, work in works.items():
            begun = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - begun)
    return best


def difference(found: tuple[Any, Any], expected: tuple[Any, Any]) -> float:
    """Largest difference over the largest entry."""
    return max(
        float(np.abs(np.asarray(a) - np.asarray(b)).max() / np.abs(np.asarray(b)).max())
        for a, b in zip(found, expected, strict=True)
    )


def batches(repeats: int) -> float:
    """Table 1; the largest difference between two ways."""
    worst = 0.0
    print("| B | Q | L | N | way | networks/s | over JAX |\n|---|---|---|---|---|---|---|")
    for sizes in BATCHES:
        networks = Networks(*sizes)
        data = networks.points, networks.labels, networks.targets, networks.biases
        works: dict[str, Work] = {
            "rotations": lambda data=data, R=networks.rotations: batched_gradients(*data, R),
            "weights": lambda data=data, W=networks.general: batched_weight_gradients(*data, W),
        }
        ours = works["rotations"]()
        if gradients.COMPILED:
            works |= {f"{name}, NumPy alone": without_numba(work) for name, work in works.items()}
        for name, peer in (("JAX", on_layers_by_jax), ("torch", on_layers_by_torch)):
            if find_spec(name.lower()):
                works[name] = peer(networks)
                found = networks.pulled_back(*(np.asarray(array) for array in works[name]()))
                worst = max(worst, difference(found, (ours.biases, ours.weights)))
        times = least_times(works, repeats)
        for name, seconds in times.items():
            ratio = f"{times['JAX'] / seconds:.2f}" if "JAX" in times else "–"
            print(f"| {' | '.join(map(str, sizes))} | {name} | {sizes[0] / seconds:,.0f} | {ratio} |", flush=True)
    return worst


def moments(repeats: int) -> float:
    """Table 2; the largest difference between two ways."""
    worst, rng = 0.0, np.random.default_rng(1)
    R, betas = np.linalg.qr(rng.normal(size=(3, 3, 3)))[0], rng.uniform(-0.5, 1.0, size=(3, 3))
    targets = rng.normal(size=(3, 3))
    print("| N | biases, µs | JAX | reduction | patterns | with rotations, µs | JAX | reduction |")
    print("|---|---|---|---|---|---|---|---|")
    for N in (50, 1000, 10_000, 100_000):
        data = rng.normal(size=(N, 3)), np.arange(N) % 3, targets, betas, R
        masses = 1 / np.bincount(data[1])[data[1]]
        local, rows = chamber_quadratic(*data), chamber_moments(*data, weights=masses)
        theta = local.theta.copy()
        works: dict[str, Work] = {
            "biases": lambda local=local, theta=theta: [local.gradient(theta) for _ in range(100)],
            "reduction": lambda data=data: chamber_quadratic(*data),
            "rotations": lambda rows=rows: rows.velocity(betas, R),
            "rows": lambda data=data, masses=masses: chamber_moments(*data, weights=masses),
        }
        if find_spec("jax"):
            works["JAX"], works["JAX too"] = jitted(data[0], targets[data[1]], masses, betas, R)
            by_bias, by_rotation = rows.velocity(betas, R)
            worst = max(worst, difference((-by_bias, -by_rotation), works["JAX too"]()))
            worst = max(worst, difference((local.gradient(theta).reshape(3, 3),) * 2, (works["JAX"](),) * 2))
        times = least_times(works, max(3, repeats // 4))
        times["biases"] /= 100

        def over(name: str, unit: str, times: dict[str, float] = times) -> str:
            return f"× {times[name] / times[unit]:,.0f}" if name in times else "–"

        print(
            f"| {N} | {1e6 * times['biases']:.2f} | {over('JAX', 'biases')} | {over('reduction', 'biases')} "
            f"| {rows.patterns} | {1e6 * times['rotations']:.0f} | {over('JAX too', 'rotations')} "
            f"| {over('rows', 'rotations')} |", flush=True,
        )  # fmt: skip
    return worst


def jitted(x: Floats, goals: Floats, masses: Floats, betas: Floats, R: Floats) -> tuple[Work, Work]:
    """The gradients of one network by its biases, and by biases and rotations, in JAX: all data are seen."""
    jax: Any = import_module("jax")
    points, y, omega, shifts, turns = (jax.numpy.asarray(array) for array in (x, goals, masses, betas, R))

    def cost(shifts: Any, turns: Any) -> Any:
        z = points
        for shift, turn in zip(shifts, turns, strict=True):
            z = jax.nn.relu((z + shift) @ turn.T) @ turn - shift
        return (omega * ((z - y) ** 2).sum(axis=1)).sum() / 2

    def slopes(shifts: Any, turns: Any) -> Any:
        by_bias, by_entries = jax.grad(cost, argnums=(0, 1))(shifts, turns)
        product = by_entries @ turns.transpose(0, 2, 1)
        return by_bias, (product - product.transpose(0, 2, 1)) / 2

    alone, both = jax.jit(jax.grad(cost)), jax.jit(slopes)
    return (
        lambda: jax.block_until_ready(alone(shifts, turns)),
        lambda: jax.block_until_ready(both(shifts, turns)),
    )


def flows() -> float:
    """Table 3; the largest difference between two ways."""
    if not find_spec("jax"):
        print("JAX is not installed: no flows side by side")
        return 0.0
    rng, worst = np.random.default_rng(2), 0.0
    times = np.linspace(0.0, 5.0, 11)
    print("| flows | B | N | side by side, s | one by one, s |\n|---|---|---|---|---|")
    B, N, Q = 1000, 100, 3
    x, one = rng.normal(size=(N, Q)), np.zeros(N, dtype=int)
    goals, starts = 2 * rng.normal(size=(B, 1, Q)), 2 * rng.normal(size=(B, Q))
    several, classes = 2 * rng.normal(size=(3, Q)), np.arange(N) % 3
    layers = rng.normal(size=(20, 2, Q)), np.linalg.qr(rng.normal(size=(2, Q, Q)))[0]
    cases: dict[tuple[str, int], tuple[Work, Work]] = {
        ("separated", B): (
            lambda: single_layer_flows(x, one, goals, starts).bias(times),
            lambda: np.array([separated_flow(x, g[0], s).bias(times) for g, s in zip(goals, starts, strict=True)]),
        ),
        ("one layer, three classes", 100): (
            lambda: single_layer_flows(x, classes, several, starts[:100]).bias(times)[:, :, None],
            lambda: one_by_one(x, classes, several, starts[:100, None], np.eye(Q)[None], times),
        ),
        ("two layers, three classes", 20): (
            lambda: many_flows(x, classes, several, *layers, times=times).biases,
            lambda: one_by_one(x, classes, several, *layers, times),
        ),
    }
    for (name, count), (together, apart) in cases.items():
        worst = max(worst, float(np.abs(together() - apart()).max()))
        found = least_times({"together": together, "apart": apart}, 3)
        print(f"| {name} | {count} | {N} | {found['together']:.3f} | {found['apart']:.3f} |", flush=True)
    return worst


def one_by_one(x: Floats, labels: Any, targets: Floats, starts: Floats, R: Floats, times: Floats) -> Floats:
    """``chamber_flow`` of each start."""
    return np.array([chamber_flow(x, labels, targets, s, R, t_max=times.max()).bias(times) for s in starts])


def main() -> int:
    """Print the tables; 1 if two ways differ."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=40, help="turns of which the quickest counts (default: 40)")
    parser.add_argument("--flows", action="store_true", help="flows side by side, too")
    options = parser.parse_args()
    missing = [name for name in ("jax", "torch") if not find_spec(name)]
    if missing:
        print(f"not installed, so not measured: {', '.join(missing)}")
    if "jax" not in missing:
        import_module("jax").config.update("jax_enable_x64", True)
    worst = max(batches(options.repeats), moments(options.repeats), flows() if options.flows else 0.0)
    print(f"largest difference between two ways: {worst:.0e}")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
