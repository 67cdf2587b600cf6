"""The compiled choice at walls against the interpreted one, heaps against sorted data, nodes against composed maps."""

from __future__ import annotations

import numpy as np
import pytest

from symflow.flow import chamber_flow
from symflow.flow.chamber import check_trajectory
from symflow.flow.chamber.bookkeeping import NONE, empty_places, pull, push
from symflow.flow.chamber.inputs import flow_problem
from symflow.flow.chamber.integrator import Integrator
from symflow.flow.chamber.prefixes import PrefixTable
from tests.unit.flow.chamber.instances import draw


class Interpreted(Integrator):
    """The event loop with every single choice made by ``resolving``."""

    def _compiled_segments(self) -> int:
        return self._python_segment()


@pytest.mark.parametrize(("seed", "L", "output_bias"), [(0, 2, "frozen"), (3, 2, "moving"), (1, 3, "frozen")])
def test_compiled_choices_are_the_interpreted_ones(seed, L, output_bias) -> None:
    problem = flow_problem(**draw(seed, N=60, L=L), t_max=12.0, weights=None, output_bias=output_bias)
    compiled, interpreted = Integrator(problem, 10_000), Interpreted(problem, 10_000)
    compiled.run()
    interpreted.run()
    assert compiled.status == interpreted.status
    events = int(compiled.state.log.counts[0])
    assert events == int(interpreted.state.log.counts[0]) > 10
    for name in ("begin", "theta"):
        one, other = (getattr(run.state.log, name)[:events] for run in (compiled, interpreted))
        assert one == pytest.approx(other, abs=1e-11)
    assert (compiled.state.points.active == interpreted.state.points.active).all()
    held = [run.state.points.sliding != NONE for run in (compiled, interpreted)]
    assert (held[0] == held[1]).all()


@pytest.mark.parametrize("kept", [0, 1])
def test_heaps_give_the_data_in_order(kept) -> None:
    rng = np.random.default_rng(kept)
    N = 60
    points = empty_places(rng.normal(size=(N, 1)), np.zeros((N, 1)), np.ones(N), 1, 1)
    points.active[:] = kept
    points.s[0, :, 0] = points.x[:, 0]
    heads = points.above if kept else points.below
    inside: set[int] = set()
    for _ in range(400):
        i = int(rng.integers(N))
        if i in inside:
            pull(points, 0, i, 0)
            inside.remove(i)
        else:
            push(points, 0, i, 0)
            inside.add(i)
        chosen = (min if kept else max)(inside, key=lambda j: points.s[0, j, 0]) if inside else NONE
        assert heads[0, 0] == chosen


def test_nodes_are_composed_maps() -> None:
    rng = np.random.default_rng(2)
    rotations = np.array([np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2)])
    table = PrefixTable(rotations, moving=True)
    theta, x = rng.normal(size=9), rng.normal(size=3)
    for code in range(64):
        pattern = np.array([[(code >> (3 * layer + k)) & 1 for k in range(3)] for layer in range(2)])
        z = x
        nodes = table.path(pattern)
        for layer, rotation in enumerate(rotations):
            u = rotation @ (z + theta[3 * layer : 3 * layer + 3])
            found = table.nodes.rows[nodes[layer]] @ theta + table.nodes.offsets[nodes[layer]] @ x
            assert found == pytest.approx(u, abs=1e-13)
            z = rotation.T @ (pattern[layer] * u) - theta[3 * layer : 3 * layer + 3]
        A, B = table.nodes.A[nodes[2]], table.nodes.B[nodes[2]]
        assert A @ x + B @ theta == pytest.approx(z + theta[6:], abs=1e-13)
        assert table.nodes.BtA[nodes[2]] == pytest.approx(B.T @ A, abs=1e-13)
        assert table.nodes.BtB[nodes[2]] == pytest.approx(B.T @ B, abs=1e-13)
    assert table.used == 1 + 8 + 57  # all that the first layer sends to its apex are one after the second: 64 - 7


def shifting(seed: int, L: int) -> tuple[np.ndarray, ...]:
    """40 points in R^3 around one place, three classes: arguments of ``chamber_flow``."""
    rng = np.random.default_rng(seed)
    points, targets, biases = rng.normal(size=(40, 3)), rng.normal(size=(3, 3)), rng.normal(size=(L, 3))
    return points, np.arange(40) % 3, targets, biases, np.linalg.qr(rng.normal(size=(L, 3, 3)))[0]


def test_a_share_that_decays_like_one_exponential_ends_no_slide() -> None:
    # Its two modes of rate 3, each of size 0.004, cancel to 1e-10: it seemed to be zero again and again, 1e6 times.
    flow = chamber_flow(*shifting(9, 2), t_max=20.0, output_bias="moving", max_events=200)
    assert flow.status == "non-unique" and len(flow.events) == 60  # the other share ends the slide at 19.81
    times = [event.time for event in flow.events]
    assert min(np.diff(times)) > 1e-6 and check_trajectory(flow).residual < 1e-12


def test_a_slide_is_left_though_another_share_decays_to_zero() -> None:
    flow = chamber_flow(*shifting(7, 1), t_max=20.0, output_bias="moving")
    assert flow.status == "equilibrium" and flow.events[-1].time == pytest.approx(13.427819854805)
    assert check_trajectory(flow).residual < 1e-12
    points, *_, rotations = shifting(7, 1)
    left = rotations[0] @ (points[29] + flow.bias([14.0, 20.0])[:, 0]).T
    # from networks with (u + sqrt(u² + 1e-12))/2 in place of ReLU, by Radau at 1e-10
    assert left[2] == pytest.approx([-0.0050, -0.0702], abs=1e-4)
