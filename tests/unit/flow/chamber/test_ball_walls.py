"""Which walls the ball replay looks at between two events: none that is met on the way is left out."""

from __future__ import annotations

import flint
import mpmath
import numpy as np
import pytest

from symflow.flow.chamber.ball_bounds import above, bernstein
from symflow.flow.chamber.ball_flow import flow_from
from symflow.flow.chamber.ball_patterns import BallPatterns
from symflow.flow.chamber.ball_pieces import pieces
from symflow.flow.chamber.ball_positive import BallCourse
from symflow.flow.chamber.ball_walls import NearWalls
from symflow.flow.chamber.inputs import flow_problem
from tests.unit.flow.chamber.instances import draw


@pytest.fixture(autouse=True)
def precision():
    before, flint.ctx.prec = flint.ctx.prec, 128
    yield
    flint.ctx.prec = before


@pytest.mark.parametrize("rates", [(1.0, 0.0), (3.0, 0.2), (40.0, 1e-3), (5.0, 5.0)])
@pytest.mark.parametrize("end", [1e-3, 0.3, 2.0, 60.0])
def test_pieces_follow_the_flow(rates, end) -> None:
    """θ_j = (1 - e^{-λ_j t})/λ_j, t where λ_j = 0, from 50 digits of mpmath."""
    flow = flow_from(flint.arb_mat(2, 1), flint.arb_mat([[rates[0], 0], [0, rates[1]]]), flint.arb_mat([[1.0], [1.0]]))
    course = BallCourse(flow, above(flow.M.trace()), 1e-30, 0.0)
    found = list(pieces(course, [0.0, 0.0], end))

    def exact(t):
        return [-mpmath.expm1(-rate * t) / rate if rate else t for rate in map(mpmath.mpf, rates)]

    with mpmath.workdps(50):
        slow = min(range(2), key=rates.__getitem__)  # its coordinate tells the time
        begin = mpmath.mpf(0)
        for path, remainder in found:
            columns = [[mpmath.mpf(entry) for entry in step] for step in path]
            length = columns[1][slow] / mpmath.exp(-rates[slow] * begin)
            for s in (0.0, 0.3, 0.7, 1.0):
                point = [sum(step[j] * mpmath.mpf(s) ** order for order, step in enumerate(columns)) for j in range(2)]
                away = mpmath.norm([p - e for p, e in zip(point, exact(begin + s * length), strict=True)])
                assert away <= remainder + 2.0**-38 * end  # by which pieces are longer than their distance
            begin += length
        assert begin >= end * (1 - mpmath.mpf(10) ** -12)
    assert all(remainder <= 0.03 * np.hypot(*path[1]) + 1e-11 for path, remainder in found)


def test_a_polynomial_is_between_its_bernstein_coefficients() -> None:
    rng = np.random.default_rng(0)
    s = np.linspace(0.0, 1.0, 101)
    for order in (2, 5, 6):
        powers = rng.normal(size=order + 1)
        values = np.polynomial.polynomial.polyval(s, powers)
        coefficients = bernstein(order) @ powers
        assert coefficients.min() - 1e-12 <= values.min() and values.max() <= coefficients.max() + 1e-12
        assert np.allclose(coefficients[[0, -1]], values[[0, -1]], rtol=1e-12)


def preactivations(problem, patterns, theta):
    """R(z + β) of every layer and datum, under fixed patterns (theory A3): (L, N, Q)."""
    z, found = problem.points, []
    for layer, rotation in enumerate(problem.rotations):
        beta = theta[layer * z.shape[1] : (layer + 1) * z.shape[1]]
        found.append((z + beta) @ rotation.T)
        z = (patterns[layer] * found[-1]) @ rotation - beta
    return np.array(found)


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("order", [2, 5])
def test_no_wall_on_the_way_is_left_out(depth, order) -> None:
    met = yielded = walls = 0
    for seed in range(12):
        given = draw(seed, N=80, L=depth)
        problem = flow_problem(**given, t_max=1.0, weights=None, output_bias="frozen")
        rng = np.random.default_rng(seed)
        theta = problem.start
        patterns = np.zeros((depth, 80, 3), dtype=bool)
        for layer in range(depth):
            patterns[layer] = preactivations(problem, patterns, theta)[layer] > 0.0
        near = NearWalls(BallPatterns(problem, patterns), set())
        path = [theta, *(rng.normal(size=(order, theta.size)) * 0.2 / np.arange(1, order + 1)[:, None])]
        found = {(layer, i, k) for layer, i, k in near.candidates([step.tolist() for step in path], 0.01)}
        for s in np.linspace(0.0, 1.0, 21):
            aside = rng.normal(size=theta.size)
            there = sum(step * s**j for j, step in enumerate(path)) + 0.01 * aside / np.linalg.norm(aside)
            wrong = (preactivations(problem, patterns, there) > 0.0) != patterns
            met += int(wrong.sum())
            for layer, i, k in np.argwhere(wrong):
                assert (layer, i, k) in found, (seed, s, layer, i, k)
        yielded, walls = yielded + len(found), walls + patterns.size
    assert met > 100 and yielded < 0.5 * walls
