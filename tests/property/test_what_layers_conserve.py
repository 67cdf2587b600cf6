"""F6, G1, G2, G3 of derivations/, against the original networks; and neighbours of D to G that must be refuted.

Rates are exact: the oracle's gradient over the rationals, put into the derivative of the quantity by hand, or into a
difference quotient of a step so small that what is left of it is far below the rate.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow import Derivation, I, along, diag, diagpart, grad, inv, outer, sqnorm, tr, zeros
from symflow.network import draw_inside_chamber, to_pulled_back, trajectory
from symflow.network.arrays import inverse
from symflow.oracle import exact, floating
from tests.property.layers import as_normal, cumulative_parameters, draw_layers, hidden_states, layer_gradients

TINY = Fraction(1, 10**30)
seeds = st.integers(0, 2**32 - 1)
widths = st.lists(st.integers(1, 4), min_size=3, max_size=5)


def _largest(array):
    return max((abs(entry) for entry in np.ravel(array)), default=0)


def _balance(layers, place):
    W, b, V = layers["weights"][place], layers["biases"][place], layers["weights"][place + 1]
    return V.T @ V - W @ W.T - np.outer(b, b)


def _balance_rate(layers, gradient, place):
    """The time derivative of the balance along minus the gradient."""
    W, b, V = layers["weights"][place], layers["biases"][place], layers["weights"][place + 1]
    w, v, u = gradient["weights"][place], gradient["biases"][place], gradient["weights"][place + 1]
    half = -(V.T @ u) + W @ w.T + np.outer(b, v)
    return half + half.T


@settings(max_examples=15)
@given(seed=seeds, widths=widths)
def test_every_two_layers_stay_balanced(seed, widths):
    """G1, exactly: the diagonal, and the entries of two neurons with one pattern on all points."""
    layers, points, targets = draw_layers(np.random.default_rng(seed), widths, 3)
    gradient, hidden = layer_gradients(layers, points, targets), hidden_states(layers, points)
    for place in range(len(widths) - 2):
        rate, patterns = _balance_rate(layers, gradient, place), hidden[place + 1] > 0
        for j in range(widths[place + 1]):
            for k in range(widths[place + 1]):
                if (patterns[:, j] == patterns[:, k]).all():
                    assert rate[j, k] == 0


def test_other_entries_of_the_balance_move():
    layers, points, targets = draw_layers(np.random.default_rng(1), (3, 4, 4, 2), 6)
    rates = [_balance_rate(layers, layer_gradients(layers, points, targets), place) for place in range(2)]
    assert all((np.diag(rate) == 0).all() and _largest(rate) > 1 for rate in rates)


def test_the_balance_is_kept_along_a_trajectory_through_walls():
    layers, points, targets = draw_layers(np.random.default_rng(3), (3, 5, 4, 2), 8, as_normal)
    before = [_balance(layers, place) for place in range(2)]
    patterns = {tuple(np.ravel(np.hstack(hidden_states(layers, points)[1:]) > 0))}

    def velocity(at):
        found = layer_gradients(at, points, targets, oracle=floating)
        return {name: [-g for g in found[name]] for name in at}

    def moved(at, direction, h):
        return {name: [p + h * v for p, v in zip(at[name], direction[name], strict=True)] for name in at}

    h = 1e-4
    for _ in range(500):
        k1 = velocity(layers)
        k2 = velocity(moved(layers, k1, h / 2))
        k3 = velocity(moved(layers, k2, h / 2))
        k4 = velocity(moved(layers, k3, h))
        for direction, weight in ((k1, 1), (k2, 2), (k3, 2), (k4, 1)):
            layers = moved(layers, direction, weight * h / 6)
        patterns.add(tuple(np.ravel(np.hstack(hidden_states(layers, points)[1:]) > 0)))
    after = [_balance(layers, place) for place in range(2)]
    assert len(patterns) > 3
    for old, new in zip(before, after, strict=True):
        assert np.abs(np.diag(new - old)).max() < 1e-4
        assert np.abs(new - old).max() > 0.05


@settings(max_examples=10)
@given(seed=seeds, widths=widths)
def test_the_push_forward_of_the_layers_flow(seed, widths):
    """F6: difference quotients of the cumulative parameters against the sum over the layers."""
    layers, points, targets = draw_layers(np.random.default_rng(seed), widths, 3)
    gradient, cumulative = layer_gradients(layers, points, targets), cumulative_parameters(layers)
    moved = {
        name: [p - TINY * g for p, g in zip(layers[name], gradient[name], strict=True)]
        for name in ("weights", "biases")
    }
    for place, (A, c) in enumerate(cumulative_parameters(moved)):
        weight, bias = 0 * A, 0 * c
        for k in range(place + 1):
            G, g = gradient["weights"][k], gradient["biases"][k]
            before = cumulative[k - 1] if k else (np.eye(widths[0], dtype=int).astype(object), 0 * points[0])
            share, shift = G @ before[0], G @ before[1] + g
            for later in layers["weights"][k + 1 : place + 1]:
                share, shift = later @ share, later @ shift
            weight, bias = weight - share, bias - shift
        old, small = cumulative[place], Fraction(1, 10**15)
        assert _largest((A - old[0]) / TINY - weight) < small
        assert _largest((c - old[1]) / TINY - bias) < small


def _weight_gradients(pulled, data):
    groups = {"weights": pulled.weights, "biases": pulled.biases}
    found = exact.gradients(groups, data.points, data.targets, data.weights, coordinates="cumulative-bias")
    return found["weights"]


@settings(max_examples=10)
@given(seed=seeds, Q=st.integers(2, 4), L=st.integers(1, 3))
def test_rows_with_one_pattern_keep_their_products(seed, Q, L):
    """G2.balance at every layer: W W^T moves only between neurons that some point tells apart."""
    network, data = draw_inside_chamber(
        np.random.default_rng(seed), Q, L, 2, Fraction(1, 100), exact=True, adapted=False
    )
    pulled = to_pulled_back(network)
    patterns = trajectory(pulled, data.points).patterns
    for layer, gradient in enumerate(_weight_gradients(pulled, data)[:L]):
        rate = -(gradient @ pulled.weights[layer].T) - pulled.weights[layer] @ gradient.T
        for j in range(Q):
            for k in range(Q):
                if (patterns[layer][:, j] == patterns[layer][:, k]).all():
                    assert rate[j, k] == 0


def test_adapted_weights_do_not_stay_adapted():
    """G2.stretch: the off-diagonal entries of W W^T start to move from zero."""
    network, data = draw_inside_chamber(np.random.default_rng(0), 3, 1, 4, Fraction(1, 100), exact=True)
    pulled = to_pulled_back(network)
    W, gradient = pulled.weights[0], _weight_gradients(pulled, data)[0]
    assert all((W @ W.T)[j, k] == 0 for j in range(3) for k in range(3) if j != k)
    rate = -(gradient @ W.T) - W @ gradient.T
    assert (np.diag(rate) == 0).all()
    assert _largest(rate) > Fraction(1, 100)


def _misalignment(W, patterns):
    back = inverse(W, "the weight")
    P = [(back * mask) @ W for mask in patterns.astype(int)]
    return sum(((p - p.T) ** 2).sum() for p in P)


def test_misalignment_may_grow_and_may_shrink():
    signs = set()
    for seed in range(12):
        network, data = draw_inside_chamber(
            np.random.default_rng(seed), 3, 1, 5, Fraction(1, 100), exact=True, adapted=False
        )
        pulled = to_pulled_back(network)
        W, patterns = pulled.weights[0], trajectory(pulled, data.points).patterns[0]
        there = _misalignment(W - TINY * _weight_gradients(pulled, data)[0], patterns)
        rate = (there - _misalignment(W, patterns)) / TINY
        if abs(rate) > Fraction(1, 1000):
            signs.add(rate > 0)
    assert signs == {False, True}


def _false_neighbours():
    d = Derivation("Statements of D, F and G with something left out")
    Q, M = d.dim("Q"), d.dim("M")
    f, s = d.function("f"), d.scalar("s")
    W, V, b, c = d.invertible("W", Q), d.matrix("V", Q), d.vector("b", Q), d.vector("c", Q)
    H, E, S = d.mask("H", Q), d.diagonal("E", Q, positive=True), d.symmetric("S", Q)
    h, v, y, n = (d.vector(name, Q) for name in ("h", "v", "y", "n"))
    A, P = d.matrix("A", M, Q), d.idempotent("P", Q)
    D = inv(W) @ (H + s * (I(Q) - H)) @ W
    balance = V.T @ V - W @ W.T - outer(b)

    def flow(state):
        C = sqnorm(V @ state + c - y) / 2
        return {X: -grad(C, X) for X in (W, V, b)}

    smooth = flow(f(W @ h + b))
    masked = flow(H @ (W @ h + b))
    C = sqnorm(inv(W) @ H @ W @ (h + b) - b - y) / 2
    slide = v - (n.T @ v) * n
    d.claim("D2, a normal that is no unit vector", n.T @ slide == 0)
    d.claim("F3.rank, the pseudo-inverse as a left inverse", A.T @ inv(A @ A.T) @ A == I(Q))
    d.claim("F3.any, a block on itself", (I(Q) + H @ V @ H) @ (I(Q) - H @ V @ H) == I(Q))
    d.claim("F4, leaky ReLU is idempotent", D @ D == D)
    d.claim("F4, any activation is homogeneous", f(E @ v) == E @ f(v))
    d.claim("F6, without the last layer", along(V @ W, {V: -S, W: -H}) == -V @ H)
    d.claim("G1, any activation", along(diagpart(balance), smooth) == zeros(Q))
    d.claim("G1, any matrix", along(tr(S @ balance), masked) == 0)
    d.claim("G1, without the bias", along(diagpart(V.T @ V - W @ W.T), masked) == zeros(Q))
    d.claim("G2, any matrix", along(tr(S @ W @ W.T), {W: -grad(C, W)}) == 0)
    d.claim("F4, any activation is idempotent", inv(W) @ diag(f.d(v)) @ diag(f.d(v)) @ W == inv(W) @ diag(f.d(v)) @ W)
    d.claim("G3, no second order", (I(Q) - P).T @ P == (I(Q) - P).T @ (P - P.T) @ (I(Q) - P))
    d.claim("G3, |P|^2 is the rank", sqnorm(P) == tr(P))
    # orthogonal weights, under hypotheses
    d.assume(W.T @ W == I(Q))
    d.assume(W @ W.T == I(Q))
    d.claim("G2, orthogonal weights stay orthogonal", along(W @ W.T, {W: -grad(C, W)}) == zeros(Q, Q))
    return d


NEIGHBOURS = _false_neighbours()


@pytest.mark.parametrize("label", [statement.label for statement in NEIGHBOURS.statements])
def test_false_neighbours_are_refuted(label):
    verdict = NEIGHBOURS.verdict(label)
    assert verdict.status == "refuted", verdict.detail
    assert verdict.counterexample is not None
