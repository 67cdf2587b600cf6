"""D1, D2, F3 and F4 of derivations/, against the original networks: the oracle's gradients, integrated flows, one-sided
limits.

Nothing here uses the proofs. Gradients come from the oracle, exactly over the rationals where the statement is an
identity; the states of narrow networks from a plain loop over their layers.
"""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.derivation import load
from symflow.network import draw_inside_chamber, projectors, pulled_back_targets, to_pulled_back, trajectory
from symflow.network.arrays import inverse
from symflow.oracle import exact, floating
from tests.property.layers import (
    as_fractions,
    as_normal,
    cumulative_parameters,
    draw_layers,
    hidden_states,
    identity,
    layer_gradients,
)

FOLDER = Path(__file__).resolve().parents[2] / "derivations"
TINY = Fraction(1, 10**30)
seeds = st.integers(0, 2**32 - 1)


# D1 and D2: the biases move, general weights fixed


def _bias_gradient(pulled, biases, data, oracle=exact):
    groups = {"weights": pulled.weights, "biases": biases}
    found = oracle.gradients(groups, data.points, data.targets, data.weights, coordinates="cumulative-bias")
    return np.concatenate(found["biases"])


def _residual_jacobian(network, data):
    """J of D1 for each data point, the output bias included: one column of Q x Q blocks for each layer."""
    P, Q = projectors(network, trajectory(network, data.points).patterns), network.dimension
    found = []
    for i in range(data.size):
        J = np.zeros((Q, 0), dtype=object)
        for layer in P:
            J = np.hstack([layer[i] @ J, layer[i] - identity(Q)])
        found.append(np.hstack([J, identity(Q)]))
    return found


def _largest(array):
    return max(abs(entry) for entry in np.ravel(array))


@settings(max_examples=8)
@given(seed=seeds, Q=st.integers(1, 4), L=st.integers(1, 4))
def test_the_bias_gradient_is_affine_with_the_hessian_of_D1(seed, Q, L):
    rng = np.random.default_rng(seed)
    network, data = draw_inside_chamber(rng, Q, L, 4, Fraction(1, 100), exact=True, adapted=False)
    pulled = to_pulled_back(network)
    step = [TINY * as_fractions(rng, Q) for _ in range(L + 1)]
    there = [beta + move for beta, move in zip(pulled.biases, step, strict=True)]
    jump = _bias_gradient(pulled, there, data) - _bias_gradient(pulled, pulled.biases, data)
    hessian = sum(w * J.T @ J for w, J in zip(data.weights, _residual_jacobian(network, data), strict=True))
    assert (jump == hessian @ np.concatenate(step)).all()


def test_the_closed_form_of_D1_is_the_integrated_flow():
    network, data = draw_inside_chamber(np.random.default_rng(5), 3, 3, 12, 0.1, adapted=False)
    pulled, floats = to_pulled_back(network), data.to_floats()
    L, duration, steps = 3, 0.02, 20

    def velocity(theta):
        return -_bias_gradient(pulled, np.split(theta, L + 1), floats, floating)

    J = [block.astype(float) for block in _residual_jacobian(network, data)]
    hessian = sum(w * j.T @ j for w, j in zip(data.weights, J, strict=True))
    start = np.concatenate(pulled.biases)
    rates, V = np.linalg.eigh(hessian)
    # where a rate is zero, the coordinate moves at constant speed zero: the gradient has no part there
    force = V.T @ velocity(start)
    assert np.abs(force[rates < 1e-12]).max(initial=0) < 1e-12
    shares = [
        f * (duration if rate < 1e-12 else -np.expm1(-rate * duration) / rate)
        for f, rate in zip(force, rates, strict=True)
    ]
    theta, h = start, duration / steps
    for _ in range(steps):
        k1 = velocity(theta)
        k2 = velocity(theta + h / 2 * k1)
        k3 = velocity(theta + h / 2 * k2)
        k4 = velocity(theta + h * k3)
        theta = theta + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    assert np.abs(theta - start - V @ np.array(shares)).max() < 1e-9
    assert np.abs(theta - start).max() > 1e-3


def _onto_wall(pulled, data, layer, i, k):
    """The biases moved so that component k of point i is at a wall of the layer, and the step W^-1 e_k across it."""
    step = inverse(pulled.weights[layer - 1], "the weight")[:, k]
    value = trajectory(pulled, data.points).preactivations[layer - 1, i, k]
    biases = list(pulled.biases)
    biases[layer - 1] = biases[layer - 1] - value * step
    return type(pulled)(pulled.weights, tuple(biases)), step


@pytest.mark.parametrize(("seed", "layer"), [(seed, layer) for seed in range(3) for layer in (1, 2, 3)])
def test_the_gradient_jumps_along_the_normal(seed, layer):
    rng = np.random.default_rng(seed)
    network, data = draw_inside_chamber(rng, 3, 3, 4, Fraction(1, 100), exact=True, adapted=False)
    i, k = int(rng.integers(4)), int(rng.integers(3))
    wall, step = _onto_wall(to_pulled_back(network), data, layer, i, k)

    def at(height):
        biases = list(wall.biases)
        biases[layer - 1] = biases[layer - 1] + height * step
        return type(wall)(wall.weights, tuple(biases))

    below, above = at(-TINY), at(TINY)
    here, there = (trajectory(side, data.points) for side in (below, above))
    assert not here.patterns[layer - 1, i, k]
    assert there.patterns[layer - 1, i, k]
    jump = _bias_gradient(above, above.biases, data) - _bias_gradient(below, below.biases, data)
    costs = [
        exact.cost(side.as_mapping(), data.points, data.targets, data.weights, coordinates="cumulative-bias")
        for side in (below, above)
    ]
    assert abs(costs[1] - costs[0]) < 1000 * TINY

    def height(biases):
        return trajectory(type(wall)(wall.weights, tuple(biases)), data.points).preactivations[layer - 1, i, k]

    normal = []  # the pre-activation is affine in the chamber, so its difference quotients are its derivatives
    for place, beta in enumerate(below.biases):
        for unit in identity(3):
            moved = list(below.biases)
            moved[place] = beta + TINY / 1000 * unit
            normal.append((height(moved) - height(below.biases)) * 1000 / TINY)
    pulled_column = step  # K e: the unit vector pulled back, then through the later layers
    for P in projectors(below, here.patterns)[layer:]:
        pulled_column = P[i] @ pulled_column
    residual = here.states[-1][i] - pulled_back_targets(below, data.targets)[i]
    assert _largest(jump - data.weights[i] * (pulled_column @ residual) * np.array(normal)) < 10**6 * TINY
    if (pulled_column @ residual) != 0:
        assert _largest(jump) > Fraction(1, 10**6)


def _sides(wall, step, data):
    """Minus the gradient by the hidden bias just below and just above the wall."""
    found = []
    for height in (-1e-9, 1e-9):
        biases = [wall.biases[0] + height * step, wall.biases[1]]
        found.append(-_bias_gradient(wall, biases, data, floating)[:2])
    return found


def _attracting_wall():
    for seed in range(200):
        network, data = draw_inside_chamber(np.random.default_rng(seed), 2, 1, 6, 0.05, adapted=False)
        for i in range(6):
            wall, step = _onto_wall(to_pulled_back(network), data, 1, i, 0)
            below, above = _sides(wall, step, data)
            normal = wall.weights[0][0]
            if normal @ below > 0.3 and normal @ above < -0.3 and np.abs(below - above).max() > 0.3:
                return wall, step, data, below, above, normal
    raise AssertionError("no wall attracts")


def test_small_steps_slide_along_an_attracting_wall():
    wall, step, data, below, above, normal = _attracting_wall()
    share = (normal @ below) / (normal @ below - normal @ above)
    slide = share * above + (1 - share) * below
    assert abs(normal @ slide) < 1e-12
    assert np.abs(slide - (below - (normal @ below) / (normal @ normal) * normal)).max() < 1e-6
    assert np.abs(slide).max() > 0.01
    assert slide @ slide < min(below @ below, above @ above)
    count, eta = 700, 1e-6
    beta = wall.biases[0] - 1e-9 * step
    start = floating.cost(
        {"weights": wall.weights, "biases": [beta, wall.biases[1]]}, data.points, data.targets, data.weights,
        coordinates="cumulative-bias",
    )  # fmt: skip
    crossings, side = 0, None
    for _ in range(count):
        velocity = -_bias_gradient(wall, [beta, wall.biases[1]], data, floating)[:2]
        crossings += side is not None and (normal @ velocity > 0) != side
        side = normal @ velocity > 0
        beta = beta + eta * velocity
    end = floating.cost(
        {"weights": wall.weights, "biases": [beta, wall.biases[1]]}, data.points, data.targets, data.weights,
        coordinates="cumulative-bias",
    )  # fmt: skip
    speed = (beta - wall.biases[0]) / (count * eta)
    assert crossings > 100  # it chatters, and on the average it slides
    assert np.abs(speed - slide).max() < 0.02 * np.abs(slide).max()
    assert (end - start) / (count * eta) == pytest.approx(-slide @ slide, rel=0.05)


# F3: narrow networks


def _proved_formula(file, label):
    for derivation in load(FOLDER / file):
        if any(statement.label == label for statement in derivation.statements):
            return derivation.check().lambdify()[label]
    raise AssertionError(label)


@pytest.mark.parametrize("widths", [(5, 5, 3, 2), (8, 6, 5, 3, 3), (4, 2, 2)])
def test_full_row_rank_has_truncation_maps_and_the_gradient_of_F3_rank(widths):
    formula = _proved_formula("f3_full_row_rank.py", "F3.rank.bias")
    layers, points, targets = draw_layers(np.random.default_rng(len(widths)), widths, 6, as_normal)
    gradient = layer_gradients(layers, points, targets, oracle=floating)
    hidden, cumulative = hidden_states(layers, points), cumulative_parameters(layers)
    states, masks, P = [points], [], []
    for (A, c), x in zip(cumulative[:-1], hidden[1:], strict=True):
        a = states[-1] @ A.T + c
        masks.append(a > 0)
        states.append(states[-1] + (np.maximum(a, 0) - a) @ np.linalg.pinv(A).T)
        assert np.abs(states[-1] @ A.T + c - x).max() < 1e-10  # A2: x^(l) = a^(l)(z_l)
        P.append([np.eye(widths[0]) + np.linalg.pinv(A) @ np.diag(m - 1.0) @ A for m in masks[-1]])
    for place, (A, c) in enumerate(cumulative[:-1]):
        K = np.array([cumulative[-1][0] for _ in points])
        for later in reversed(P[place + 1 :]):
            K = K @ np.array(later)
        outputs = states[-1] @ cumulative[-1][0].T + cumulative[-1][1]
        q = outputs - np.einsum("ipq,iq->ip", K, states[place + 1])
        ours = formula(A=A, c=c, G=masks[place].astype(float), K=K, w=states[place], q=q, y=targets)
        theirs = gradient["biases"][place] - layers["weights"][place + 1].T @ gradient["biases"][place + 1]
        assert np.abs(ours - theirs).max() < 1e-9 * (1 + np.abs(theirs).max())
        assert np.abs(theirs).max() > 1e-6


def _embedded(layers, widths):
    """F3.any: the hidden layers in blocks of R^Q, and the output layer reading its block."""
    starts = np.concatenate([[0], np.cumsum(widths[:-1])])
    Q = int(starts[-1])
    blocks = [slice(a, b) for a, b in pairwise(starts)]
    weights, biases = [], []
    for place, (W, b) in enumerate(zip(layers["weights"][:-1], layers["biases"][:-1], strict=True)):
        V, shift = identity(Q), np.array([Fraction(0)] * Q, dtype=object)
        V[blocks[place + 1], blocks[place]] = W
        shift[blocks[place + 1]] = b
        weights.append(V)
        biases.append(shift)
    out = np.array([[Fraction(0)] * Q] * widths[-1], dtype=object)
    out[:, blocks[-1]] = layers["weights"][-1]
    return {"weights": [*weights, out], "biases": [*biases, layers["biases"][-1]]}, blocks


@pytest.mark.parametrize("widths", [(3, 8, 2, 5, 2), (1, 4, 1), (2, 3, 8, 3)])
def test_any_widths_are_blocks_of_one_space(widths):
    rng = np.random.default_rng(sum(widths))
    layers, points, targets = draw_layers(rng, widths, 4)
    wide, blocks = _embedded(layers, widths)
    start = np.zeros((4, wide["weights"][0].shape[1]), dtype=object)
    start[:, blocks[0]] = points
    hidden, u = hidden_states(layers, points), hidden_states(wide, start)
    for place, block in enumerate(blocks):
        assert (u[place][:, block] == hidden[place]).all()
        assert all((state[:, block] == 0).all() for state in u[:place])
    narrow, broad = layer_gradients(layers, points, targets), layer_gradients(wide, start, targets)
    for place in range(len(widths) - 2):
        block = broad["weights"][place][blocks[place + 1], blocks[place]]
        assert (block == narrow["weights"][place]).all()
        assert (broad["biases"][place][blocks[place + 1]] == narrow["biases"][place]).all()
    # every cumulative weight has determinant 1 and the product of 1 - G W G0 for its inverse
    weight, back = identity(start.shape[1]), identity(start.shape[1])
    for V in wide["weights"][:-1]:
        weight, back = V @ weight, back @ (2 * identity(len(V)) - V)
        assert (back @ weight == identity(len(V))).all()
        assert np.linalg.det(weight.astype(float)) == pytest.approx(1)
    # the network of equal width has truncation maps, and B2 gives the narrow network's gradient by its last bias
    (A, c), rows = cumulative_parameters(wide)[-2], u[-2]
    pre = rows @ wide["weights"][-2].T + wide["biases"][-2]
    residual = u[-1] @ wide["weights"][-1].T + wide["biases"][-1] - targets
    by_c = sum((np.where(p > 0, 0, -1) * (wide["weights"][-1].T @ e) for p, e in zip(pre, residual, strict=True)))
    expected = broad["biases"][-2] - wide["weights"][-1].T @ broad["biases"][-1]
    assert (by_c == expected).all()
    assert A.shape == (len(c), len(c))


# F4: other activations


def _swish(u):
    return u / (1 + mpmath.exp(-u))


def _leaky(u):
    return u if u > 0 else u / 8


@pytest.mark.parametrize("activation", [_swish, _leaky, mpmath.tanh], ids=["Swish", "leaky ReLU", "tanh"])
def test_the_bias_gradient_of_any_activation_through_two_layers(activation):
    """B11 at depth 2 with D = W^-1 diag(f') W; slopes and gradients as differences in 60 digits."""
    with mpmath.workdps(60):
        rng, h = np.random.default_rng(7), mpmath.mpf(10) ** -20
        W = [mpmath.matrix(rng.normal(size=(3, 3)).tolist()) for _ in range(2)]
        betas = [mpmath.matrix(rng.normal(size=(3, 1)).tolist()) for _ in range(2)]
        x, y = (mpmath.matrix(rng.normal(size=(3, 1)).tolist()) for _ in range(2))

        def residual(biases):
            z = x
            for weight, beta in zip(W, biases, strict=True):
                z = weight**-1 * (weight * (z + beta)).apply(activation) - beta
            return z - y

        def slopes(z, weight, beta):
            a = weight * (z + beta)
            return mpmath.diag([(activation(v + h) - activation(v - h)) / (2 * h) for v in a])

        D, z = [], x
        for weight, beta in zip(W, betas, strict=True):
            D.append(weight**-1 * slopes(z, weight, beta) * weight)
            z = weight**-1 * (weight * (z + beta)).apply(activation) - beta
        p = residual(betas)
        one = mpmath.eye(3)
        ours = [-(one - D[0]).T * D[1].T * p, -(one - D[1]).T * p]
        for layer in range(2):
            for k in range(3):
                values = []
                for move in (h, -h):
                    moved = [beta.copy() for beta in betas]
                    moved[layer][k] += move
                    values.append(mpmath.norm(residual(moved)) ** 2 / 2)
                assert abs((values[0] - values[1]) / (2 * h) - ours[layer][k]) < mpmath.mpf(10) ** -25
        squares = [mpmath.norm(d * d - d) for d in D]
        assert max(squares) > 0.01  # not idempotent
        if activation is _leaky:
            assert max(mpmath.norm(d * d - 9 * d / 8 + one / 8) for d in D) < mpmath.mpf(10) ** -25
