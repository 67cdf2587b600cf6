"""The integrator on its own: order, the group, and references that know nothing of charts."""

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from symflow.flow import rotation_flow
from symflow.flow.rotation.charts import CayleyChart
from symflow.flow.rotation.equations import Parameters, Rows, descent
from symflow.flow.rotation.stepping import take
from symflow.flow.rotation.tableau import COUPLINGS, ERROR_WEIGHTS, INTERPOLATION, STAGES
from symflow.network import draw_orthogonal

RNG = np.random.default_rng(11)
START = draw_orthogonal(RNG, 4)
SYMMETRIC = START @ np.diag([3.0, -1.0, 2.0, 0.5]) @ START.T


def equal(points):
    """Weights 1/N, as in the mean that the comparison takes."""
    return np.full(len(points), 1 / len(points))


def bracket(at):
    """Brockett's double bracket: M = R S Rᵀ is driven to a diagonal matrix in the order of N."""
    M, N = at.weights[0] @ SYMMETRIC @ at.weights[0].T, np.diag([1.0, 2.0, 3.0, 4.0])
    return np.append(np.zeros(4), (N @ M - M @ N).ravel())


def bracket_flow(rotation, time, steps):
    chart = CayleyChart(np.zeros((1, 4)), rotation[None])
    for _ in range(steps):
        end = take(chart, bracket, bracket(chart.base), time / steps).end
        chart = CayleyChart(np.zeros((1, 4)), chart.parameters(end[:-1]).weights)
    return chart.base.weights[0]


def test_tableau_satisfies_the_quadrature_conditions():
    A = COUPLINGS[:STAGES, :STAGES]
    b, c = COUPLINGS[STAGES, :STAGES], A.sum(axis=1)
    for power in range(8):
        assert abs(b @ c**power - 1 / (power + 1)) < 1e-14
    # Two conditions with the couplings in them, of orders 6 and 8.
    assert abs(b @ (A @ c**4) - 1 / 30) < 1e-14
    assert abs(b @ (A @ (A @ c**5)) - 1 / 336) < 1e-14
    assert np.abs(ERROR_WEIGHTS.sum(axis=1)).max() < 1e-14
    assert np.abs(INTERPOLATION.sum(axis=1)).max() < 1e-12


def test_the_order_is_eight():
    exact = bracket_flow(np.eye(4), 0.5, 64)
    errors = [np.abs(bracket_flow(np.eye(4), 0.5, steps) - exact).max() for steps in (4, 8)]
    assert 7.3 < np.log2(errors[0] / errors[1]) < 9.5


def test_the_interpolant_is_of_order_seven():
    chart, errors = CayleyChart(np.zeros((1, 4)), np.eye(4)[None]), []
    for size in (0.16, 0.08):
        step = take(chart, bracket, bracket(chart.base), size)
        middle = step.parameters(0.37).weights[0]
        errors.append(np.abs(middle - bracket_flow(np.eye(4), 0.37 * size, 8)).max())
    assert np.log2(errors[0] / errors[1]) > 6.8


def test_double_bracket_sorts_the_eigenvalues():
    rotation = bracket_flow(np.eye(4), 25.0, 500)
    M = rotation @ SYMMETRIC @ rotation.T
    assert np.allclose(M, np.diag([-1.0, 0.5, 2.0, 3.0]), atol=1e-9)
    assert np.abs(rotation @ rotation.T - np.eye(4)).max() < 1e-14


def inside_a_chamber(seed, Q, L):
    """Data, of which some are truncated, and a start from which a short flow meets no wall."""
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, 1.0], size=(12, Q)) + 0.1 * rng.normal(size=(12, Q))
    biases = 0.1 * rng.normal(size=(L, Q)) + 0.2
    rotations = np.array([CayleyChart(np.zeros((1, Q)), np.eye(Q)[None]).base.weights[0]] * L)
    turn = 0.15 * rng.normal(size=(L, Q, Q))
    rotations = np.linalg.solve(np.eye(Q) - turn + turn.transpose(0, 2, 1), np.eye(Q) + turn - turn.transpose(0, 2, 1))
    return x, np.arange(12) % 2, 0.5 * rng.normal(size=(2, Q)), biases, rotations


@pytest.mark.parametrize(("seed", "Q", "L"), [(0, 2, 1), (1, 3, 1), (2, 3, 2)])
def test_dop853_with_entries_of_the_matrices_agrees_in_a_chamber(seed, Q, L):
    x, labels, goals, biases, rotations = inside_a_chamber(seed, Q, L)
    t_max = 0.95 * rotation_flow(x, labels, goals, biases, rotations, t_max=1.0, weights=equal(x)).events[0].time
    flow = rotation_flow(x, labels, goals, biases, rotations, t_max=t_max, rtol=1e-12, weights=equal(x))
    assert flow.status == "finished"
    assert not flow.events
    state, H = x, []
    for beta, R in zip(biases, rotations, strict=True):
        H.append((state + beta) @ R.T > 0)
        state = np.maximum((state + beta) @ R.T, 0) @ R - beta
    root = np.full(12, 12**-0.5)
    rows = Rows(x * root[:, None], root, goals[labels] * root[:, None], np.array(H, dtype=float))

    def velocity(_, y):
        beta, R = y[: L * Q].reshape(L, Q), y[L * Q :].reshape(L, Q, Q)
        moved = descent(rows, Parameters(beta, R, R.transpose(0, 2, 1)), "rotations")[0]
        return np.append(moved[: L * Q], (moved[L * Q :].reshape(L, Q, Q) @ R).ravel())

    y0 = np.append(biases.ravel(), rotations.ravel())
    times = np.linspace(0, t_max, 9)
    other = solve_ivp(velocity, (0, t_max), y0, method="DOP853", rtol=3e-14, atol=1e-15, t_eval=times).y.T
    assert np.abs(flow.bias(times).reshape(9, -1) - other[:, : L * Q]).max() < 1e-11
    assert np.abs(flow.rotation(times).reshape(9, -1) - other[:, L * Q :]).max() < 1e-11
    assert np.abs(flow.rotation(times)[-1] - rotations).max() > 1e-3


def test_twenty_digits_of_an_angle():
    """One datum, Q = 2, second component truncated: written out in β and the angle, integrated by mpmath."""
    flow = rotation_flow([[2.0, -1.5]], [0], [[0.5, 1.0]], [[0.3, 0.1]], [np.eye(2)], t_max=0.5, rtol=1e-13)
    assert not flow.events
    with mpmath.workdps(25):
        x, y = mpmath.matrix(["2", "-1.5"]), mpmath.matrix(["0.5", "1"])

        def velocity(_, state):
            b, angle = mpmath.matrix(state[:2]), state[2]
            c, s = mpmath.cos(angle), mpmath.sin(angle)
            R, off = mpmath.matrix([[c, -s], [s, c]]), mpmath.matrix([[0, 0], [0, 1]])
            rate = -R.T * off * R * (b + y)
            difference, total = R * (x - y), R * (b + y)
            # Ω_21 = ½ (M_21 H_1 − H_2 M_21) with M = R S Rᵀ (B5)
            return [rate[0], rate[1], (difference[1] * difference[0] - total[1] * total[0]) / 2]

        reference = mpmath.odefun(velocity, 0, [mpmath.mpf("0.3"), mpmath.mpf("0.1"), mpmath.mpf(0)])(mpmath.mpf("0.5"))
    assert np.abs(flow.bias([0.5])[0, 0] - np.array([float(entry) for entry in reference[:2]])).max() < 1e-13
    assert (
        abs(np.arctan2(flow.rotation([0.5])[0, 0, 1, 0], flow.rotation([0.5])[0, 0, 0, 0]) - float(reference[2]))
        < 1e-13
    )


def test_rotations_stay_orthogonal_for_long():
    x, labels, goals, biases, rotations = inside_a_chamber(5, 3, 1)
    flow = rotation_flow(x, labels, goals, biases, rotations, t_max=2000.0, rtol=1e-8)
    assert flow.status in {"finished", "at rest"}
    R = flow.rotation(np.linspace(0, 2000, 40))
    assert np.abs(R @ R.transpose(0, 1, 3, 2) - np.eye(3)).max() < 1e-14


def test_a_smaller_tolerance_gives_a_smaller_error():
    arguments = inside_a_chamber(3, 3, 1)
    ends = [rotation_flow(*arguments, t_max=2.0, rtol=rtol).bias([2.0]) for rtol in (1e-4, 1e-8, 1e-11, 1e-13)]
    errors = [np.abs(end - ends[-1]).max() for end in ends[:-1]]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-9
