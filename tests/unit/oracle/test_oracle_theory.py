"""The theory's gradients, typed by hand, against the oracle: exactly over the rationals, and in floats.

Every test that compares ends in equality of fractions. ⟨·⟩ is the weighted sum over the data.
"""

from fractions import Fraction

import numpy as np
import pytest

from symflow.network import (
    draw_inside_chamber,
    projectors,
    pulled_back_targets,
    to_cumulative,
    to_layers,
    to_pulled_back,
    trajectory,
)
from symflow.oracle import exact, floating


class Setting:
    """One drawn network with everything the formulas mention, per datum."""

    def __init__(self, seed, Q, L, N, adapted, is_exact=True):
        self.network, self.data = draw_inside_chamber(
            np.random.default_rng(seed), Q, L, N, Fraction(1, 50), exact=is_exact, adapted=adapted
        )
        run = trajectory(self.network, self.data.points)
        self.L, self.N = L, N
        self.W = to_pulled_back(self.network).weights
        self.beta = self.network.biases
        self.R = self.network.rotations
        self.z = run.states
        self.H = [
            [np.diag(row.astype(int)).astype(object if is_exact else float) for row in layer] for layer in run.patterns
        ]
        self.P = projectors(self.network, run.patterns)
        self.x, self.y, self.omega = self.data.points, self.data.targets, self.data.weights
        self.target = pulled_back_targets(self.network, self.y)
        self.one = np.array([[Fraction(int(j == k)) for k in range(Q)] for j in range(Q)], dtype=object)
        self.one = self.one if is_exact else np.eye(Q)

    def average(self, term):
        return sum((self.omega[i] * term(i) for i in range(self.N)), start=0 * self.omega[0])

    def residuals(self, cost):
        """p_ℓ per layer and datum: p_L = z_L − ỹ (times G for the standard cost), p_{ℓ-1} = P_ℓᵀ p_ℓ."""
        G = self.W[-1].T @ self.W[-1] if cost == "standard" else self.one
        p = [None] * (self.L + 1)
        p[self.L] = [G @ (self.z[self.L][i] - self.target[i]) for i in range(self.N)]
        for layer in range(self.L, 0, -1):
            p[layer - 1] = [self.P[layer - 1, i].T @ p[layer][i] for i in range(self.N)]
        return p

    def oracle(self, coordinates, cost="input", route=exact):
        convert = {"layers": to_layers, "cumulative": to_cumulative, "cumulative-bias": to_pulled_back}
        parameters = convert[coordinates](self.network) if coordinates in convert else self.network
        return route.gradients(parameters.as_mapping(), self.x, self.y, self.omega, cost=cost, coordinates=coordinates)


def comm(A, B):
    return A @ B - B @ A


@pytest.fixture(params=[(1, 2, 1, 4), (2, 3, 1, 5), (3, 3, 2, 4), (4, 2, 3, 3)], ids=str, scope="module")
def adapted(request):
    return Setting(*request.param, adapted=True)


@pytest.fixture(params=[(5, 2, 1, 4), (6, 3, 2, 4), (7, 2, 3, 3)], ids=str, scope="module")
def general(request):
    return Setting(*request.param, adapted=False)


@pytest.mark.parametrize("seed", [10, 11, 12])
def test_b3_cumulative_bias_flow_of_a_single_adapted_layer(seed):
    s = Setting(seed, 3, 1, 5, adapted=True)
    formula = s.average(lambda i: (s.one - s.R[0].T @ s.H[0][i] @ s.R[0]) @ (s.beta[0] + s.target[i]))
    assert formula.any()
    assert (s.oracle("cumulative-bias")["biases"][0] == formula).all()
    assert (s.oracle("adapted")["biases"][0] == formula).all()


@pytest.mark.parametrize("seed", [10, 11, 12])
def test_b5_rotation_flow_of_a_single_adapted_layer(seed):
    s = Setting(seed, 3, 1, 5, adapted=True)

    def term(i):
        d, e = s.x[i] - s.target[i], s.beta[0] + s.target[i]
        S = np.outer(d, d) - np.outer(e, e)
        return comm(s.R[0] @ S @ s.R[0].T, s.H[0][i]) / 2

    omega = s.average(term)
    assert omega.any()
    assert (-s.oracle("adapted")["rotations"][0] == omega).all()


@pytest.mark.parametrize("is_exact", [True, False])
@pytest.mark.parametrize("seed", [20, 21])
def test_b2_two_layers_written_out(seed, is_exact):
    s = Setting(seed, 3, 2, 4, adapted=False, is_exact=is_exact)
    P1, P2, r = s.P[0], s.P[1], s.z[2] - s.target
    first = -s.average(lambda i: (s.one - P1[i]).T @ P2[i].T @ r[i])
    second = -s.average(lambda i: (s.one - P2[i]).T @ r[i])
    gradient = s.oracle("cumulative-bias", route=exact if is_exact else floating)["biases"]
    assert first.any() and second.any()
    for formula, truth in ((first, gradient[0]), (second, gradient[1])):
        assert (formula == truth).all() if is_exact else np.abs(formula - truth).max() < 1e-10


def test_b3_and_b5_in_floats():
    s = Setting(30, 4, 1, 20, adapted=True, is_exact=False)
    P = [s.R[0].T @ H @ s.R[0] for H in s.H[0]]
    bias = s.average(lambda i: (s.one - P[i]) @ (s.beta[0] + s.target[i]))
    gradient = s.oracle("adapted", route=floating)
    assert np.abs(gradient["biases"][0] - bias).max() < 1e-10
    d, e = s.x - s.target, s.beta[0] + s.target
    omega = s.average(lambda i: comm(s.R[0] @ (np.outer(d[i], d[i]) - np.outer(e[i], e[i])) @ s.R[0].T, s.H[0][i]) / 2)
    assert np.abs(gradient["rotations"][0] + omega).max() < 1e-10


@pytest.mark.parametrize("cost", ["input", "standard"])
def test_b2_and_b9_biases_at_any_depth(general, cost):
    s, p = general, general.residuals(cost)
    gradient = s.oracle("cumulative-bias", cost)["biases"]
    for layer in range(1, s.L + 1):
        formula = -s.average(lambda i, k=layer: (s.one - s.P[k - 1, i]).T @ p[k][i])
        assert (gradient[layer - 1] == formula).all()


@pytest.mark.parametrize("cost", ["input", "standard"])
def test_b4_rotations_at_any_depth(adapted, cost):
    s, p = adapted, adapted.residuals(cost)
    gradient = s.oracle("adapted", cost)["rotations"]
    for layer in range(1, s.L + 1):

        def term(i, k=layer):
            u, v = s.R[k - 1] @ (s.z[k - 1][i] + s.beta[k - 1]), s.R[k - 1] @ p[k][i]
            return comm(np.outer(u, v) + np.outer(v, u), s.H[k - 1][i]) / 2

        assert (-gradient[layer - 1] == s.average(term)).all()


@pytest.mark.parametrize("cost", ["input", "standard"])
def test_b6_stretches_of_adapted_weights_have_no_gradient(adapted, cost):
    assert all(not array.any() for array in adapted.oracle("adapted", cost)["stretches"])


def test_b6_fails_for_general_weights(general):
    assert any(array.any() for array in general.oracle("adapted")["stretches"])


def test_b7_output_layer_of_the_input_layer_cost(general):
    s = general
    V = np.array(exact_inverse(s.W[-1]))
    r = s.z[s.L] - s.target
    gradient = s.oracle("cumulative-bias")
    assert (gradient["biases"][-1] == s.average(lambda i: r[i])).all()
    assert (gradient["weights"][-1] == s.average(lambda i: V.T @ np.outer(r[i], s.y[i]) @ V.T)).all()


@pytest.mark.parametrize("cost", ["input", "standard"])
def test_b8_weights_at_fixed_pulled_back_biases(general, cost):
    s, p = general, general.residuals(cost)
    gradient = s.oracle("cumulative-bias", cost)["weights"]
    for layer in range(1, s.L + 1):
        W = s.W[layer - 1]
        V = exact_inverse(W)

        def term(i, k=layer, W=W, V=V):
            a, q = W @ (s.z[k - 1][i] + s.beta[k - 1]), V.T @ p[k][i]
            return comm(np.outer(a, q), s.H[k - 1][i]).T

        assert (gradient[layer - 1] == s.average(term) @ V.T).all()
        assert not np.diag(gradient[layer - 1] @ W.T).any()


def test_b9_output_layer_of_the_standard_cost(general):
    s = general
    W, beta = s.W[-1], s.beta[-1]
    e = [W @ (s.z[s.L][i] + beta) - s.y[i] for i in range(s.N)]
    gradient = s.oracle("cumulative-bias", "standard")
    assert (gradient["weights"][-1] == s.average(lambda i: np.outer(e[i], s.z[s.L][i] + beta))).all()
    assert (gradient["biases"][-1] == W.T @ s.average(lambda i: e[i])).all()


@pytest.mark.parametrize("cost", ["input", "standard"])
def test_a6_gradients_of_layers_and_cumulative_parameters(general, cost):
    s = general
    layers, cumulative = to_layers(s.network), to_cumulative(s.network)
    plain, summed = s.oracle("layers", cost), s.oracle("cumulative", cost)
    b_before = [0 * cumulative.biases[0], *cumulative.biases]
    G = [dW - np.outer(db, b) for dW, db, b in zip(plain["weights"], plain["biases"], b_before, strict=False)]
    W_before = [s.one, *cumulative.weights]
    for k in range(s.L + 1):
        bias = plain["biases"][k]
        weight = G[k] @ exact_inverse(W_before[k]).T
        if k < s.L:
            above = layers.weights[k + 1].T
            bias = bias - above @ plain["biases"][k + 1]
            weight = weight - above @ G[k + 1] @ exact_inverse(cumulative.weights[k]).T
        assert (summed["biases"][k] == bias).all()
        assert (summed["weights"][k] == weight).all()


def exact_inverse(matrix):
    """Inverse by the adjugate-free way: Gauss-Jordan on fractions, typed here to borrow from neither package."""
    size = len(matrix)
    rows = [list(row) + [Fraction(int(k == j)) for j in range(size)] for k, row in enumerate(matrix.tolist())]
    for column in range(size):
        pivot = next(k for k in range(column, size) if rows[k][column] != 0)
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [entry / rows[column][column] for entry in rows[column]]
        for k in range(size):
            if k != column:
                rows[k] = [a - rows[k][column] * b for a, b in zip(rows[k], rows[column], strict=True)]
    return np.array([row[size:] for row in rows], dtype=object)
