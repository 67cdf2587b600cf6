"""Laws of the flow of biases and rotations on random problems, whatever walls it meets."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.flow import rotation_flow
from symflow.network import draw_orthogonal


@st.composite
def problems(draw):
    seed, Q, L = draw(st.integers(0, 10_000)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    rng = np.random.default_rng(seed)
    N = draw(st.integers(1, 12))
    goals, labels = rng.normal(size=(2, Q)), rng.integers(0, 2, size=N)
    biases, rotations = rng.uniform(-0.5, 1, size=(L, Q)), np.array([draw_orthogonal(rng, Q) for _ in range(L)])
    present, labels = np.unique(labels, return_inverse=True)  # no class without data
    return rng.normal(size=(N, Q)), labels, goals[present], biases, rotations


@settings(max_examples=25)
@given(problems())
def test_the_cost_falls_and_rotations_stay_rotations(problem):
    flow = rotation_flow(*problem, t_max=3.0, rtol=1e-8)
    times = np.linspace(0, flow.end, 40)
    loss = flow.loss(times)
    assert (np.diff(loss) <= 1e-8 * (1 + loss[0])).all()
    R = flow.rotation(times)
    assert np.abs(R @ R.transpose(0, 1, 3, 2) - np.eye(R.shape[-1])).max() < 1e-14
    assert flow.status in {"finished", "at rest"} or flow.message


@settings(max_examples=15)
@given(problems(), st.integers(0, 1000))
def test_a_common_rotation_of_space_rotates_the_solution(problem, seed):
    """x, ỹ, β → Vx, Vỹ, Vβ and R → RVᵀ turns one solution into the other."""
    x, labels, goals, biases, rotations = problem
    V = draw_orthogonal(np.random.default_rng(seed), x.shape[1])
    one = rotation_flow(x, labels, goals, biases, rotations, t_max=1.0, rtol=1e-10)
    other = rotation_flow(x @ V.T, labels, goals @ V.T, biases @ V.T, rotations @ V.T, t_max=1.0, rtol=1e-10)
    end = min(one.end, other.end)
    assert abs(one.end - other.end) < 1e-6
    assert [event.kind for event in one.events] == [event.kind for event in other.events]
    assert np.allclose(one.bias([end]) @ V.T, other.bias([end]), atol=1e-7)
    assert np.allclose(one.rotation([end]) @ V.T, other.rotation([end]), atol=1e-7)


@settings(max_examples=15)
@given(problems())
def test_a_datum_twice_is_a_datum_of_twice_the_weight(problem):
    x, labels, goals, biases, rotations = problem
    mass = np.full(len(x), 1 / len(x))
    one = rotation_flow(x, labels, goals, biases, rotations, t_max=1.0, rtol=1e-10, weights=mass)
    other = rotation_flow(
        np.vstack([x, x[:1]]),
        np.append(labels, labels[0]),
        goals,
        biases,
        rotations,
        t_max=1.0,
        rtol=1e-10,
        weights=np.append(np.where(np.arange(len(x)) == 0, mass / 2, mass), mass[0] / 2),
    )
    end = min(one.end, other.end)
    assert [event.time for event in one.events] == [event.time for event in other.events] or np.allclose(
        [event.time for event in one.events], [event.time for event in other.events], atol=1e-7
    )
    assert np.allclose(one.bias([end]), other.bias([end]), atol=1e-7)
