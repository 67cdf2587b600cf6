"""Right gradients and invariants pass, wrong ones fail at the right place, kinks and rough functions are told apart."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from symflow.errors import KindError, ShapeError
from symflow.testing import assert_flow_invariant, assert_gradient, inside_chamber, matrices, vectors
from symflow.testing.differences import differentiate

A = np.array([[2.0, 1.0], [0.0, 1.0]])
X, Y = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([1.0, -1.0])


def quadratic(x):
    return x @ A @ x


def relu(v):
    return np.maximum(v, 0)


def network(W, b, v):
    return ((anp.tanh(X @ W.T + b) @ v - Y) ** 2).sum() / 2


def network_gradient(W, b, v):
    hidden = np.tanh(X @ W.T + b)
    error = hidden @ v - Y
    inner = np.outer(error, v) * (1 - hidden**2)
    return inner.T @ X, inner.sum(axis=0), hidden.T @ error


WEIGHTS = st.tuples(matrices(3, 2), vectors(3), vectors(3))


def failure(*arguments, **options) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_gradient(*arguments, **options)
    return str(caught.value)


def test_right_gradients_pass():
    assert_gradient(quadratic, lambda x: (A + A.T) @ x, vectors(2))
    assert_gradient(network, network_gradient, WEIGHTS, examples=10)
    assert_gradient(network, autograd.grad(network, (0, 1, 2)), WEIGHTS, examples=5)
    assert_gradient(np.exp, np.exp, 2.0)
    assert_gradient(lambda a, b: a * b, lambda a, b: {"a": b, "b": a}, {"a": 2.0, "b": 3.0})
    assert_gradient(lambda x: 1e6 * x @ x, lambda x: 2e6 * x, np.array([1e3, 1e-3]))


def test_a_wrong_entry_is_named_at_the_smallest_point():
    def wrong(W, b, v):
        dW, db, dv = network_gradient(W, b, v)
        dv[1] += b[2] / 3
        return dW, db, dv

    message = failure(network, wrong, WEIGHTS)
    assert "wrong in 1 of 12 entries" in message
    assert "x3[1]: expected -0 " in message or "x3[1]: expected 0 " in message
    assert "residual 0.333333" in message
    assert "x2 = np.array([0.0, 0.0, 1.0])" in message
    assert "x1 = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])" in message


@pytest.mark.parametrize("error", [1e-5, -1e-5])
def test_small_errors_are_found(error):
    assert "x[0]" in failure(quadratic, lambda x: (A + A.T) @ x + [error * 10, 0], np.array([1.0, 2.0]))


def test_a_common_factor_is_told():
    point = np.array([1.0, 2.0])
    assert "every entry is -1 times" in failure(quadratic, lambda x: -(A + A.T) @ x, point)
    assert "every entry is 0.5 times" in failure(quadratic, lambda x: (A + A.T) @ x / 2, point)
    assert "every entry" not in failure(quadratic, lambda x: 2 * A @ x, point)


def test_nan_is_wrong_and_infinite_costs_are_told():
    assert "got nan" in failure(np.sin, lambda x: np.cos(x) * np.nan, 1.0)
    assert "not finite" in failure(np.log, lambda x: 1 / x, 0.001)
    assert_gradient(np.log, lambda x: 1 / x, 0.001, step=1e-4, tolerance=1e-5)


def test_kinks_are_told_even_where_the_mean_of_the_slopes_is_claimed():
    message = failure(lambda x: np.abs(x).sum(), np.sign, np.array([1.0, 0.0]))
    assert "kink" in message
    assert "x[1]: from the left -1, from the right 1" in message
    assert "x[0]" not in message


def test_kinks_can_be_skipped_and_the_rest_is_compared():
    def active(x):
        return (x > 0) * 1.0

    assert_gradient(lambda x: relu(x).sum(), active, vectors(2), on_kink="skip")
    assert "x[0]" in failure(lambda x: relu(x).sum(), lambda x: [5.0, 0], np.array([1.0, 0.0]), on_kink="skip")
    assert "nothing was compared" in failure(relu, active, 0.0, on_kink="skip")
    assert "nothing was compared" in failure(relu, active, st.just(0.0), on_kink="skip")


@pytest.mark.parametrize("distance", [2e-5, 3e-5, 1e-4, 1e-3, 1e-2, 0.1])
def test_a_kink_close_by_does_not_make_a_right_gradient_wrong(distance):
    """Either the smaller steps settle it, or the assertion says that it is not settled; never 'wrong'."""
    try:
        assert_gradient(lambda x: relu(x - distance), lambda x: 0.0, 0.0)
    except AssertionError as error:
        assert distance < 1e-4
        assert "do not settle" in str(error)


def test_rough_functions_do_not_pass_for_want_of_accuracy():
    def single(x):
        return np.float32(np.sin(np.float32(x)))

    assert "do not settle" in failure(single, np.cos, 1.0)
    assert_gradient(single, np.cos, 1.0, step=0.25, tolerance=1e-3)
    assert "wrong" in failure(single, lambda x: np.cos(x) + 0.01, 1.0, step=0.25, tolerance=1e-3)


def test_gradients_inside_a_chamber():
    def cost(rotation, bias, points):
        return (relu((points + bias) @ rotation.T) ** 2).sum() / 2 + relu((points + bias) @ rotation.T).sum()

    def check(sign):
        def both(drawn):
            net, data = drawn
            W, points = net.stretches[0][:, None] * net.rotations[0], data.points
            hidden = relu((points + net.biases[0]) @ W.T)
            slope = (hidden + (hidden > 0)) @ W
            assert_gradient(lambda b: cost(W, b, points), lambda b: sign * slope.sum(axis=0), net.biases[0])

        return both

    settings(max_examples=10)(given(inside_chamber(2, 1, 3))(check(1)))()
    with pytest.raises(AssertionError, match="wrong"):
        settings(max_examples=10, phases=[Phase.generate])(given(inside_chamber(2, 1, 3))(check(-1)))()


class Tensor:
    """Stands for a tensor of PyTorch: nothing but what the assertions use of it."""

    def __init__(self, value):
        self.value = value

    def detach(self):
        return self

    def cpu(self):
        return self.value


def test_values_of_other_libraries_are_read():
    seen = []

    def cost(x):
        seen.append(type(x))
        return Tensor(x.value @ x.value)

    assert_gradient(cost, lambda x: Tensor(2 * x.value), np.array([1.0, 2.0]), convert=Tensor)
    assert set(seen) == {Tensor}


def test_functions_that_write_into_their_argument_spoil_nothing():
    def cost(x):
        x *= 2
        return x @ x

    assert_gradient(cost, lambda x: 8 * x, np.array([1.0, 2.0]))


def test_misuse_is_told():
    point = np.array([1.0, 2.0])
    with pytest.raises(ShapeError, match="one number"):
        assert_gradient(lambda x: x, lambda x: x, point)
    with pytest.raises(ShapeError, match=r"shape of x, \(2,\); it has \(2, 2\)"):
        assert_gradient(quadratic, lambda x: A, point)
    with pytest.raises(ShapeError, match="tuple of 3"):
        assert_gradient(network, lambda *w: w[0], tuple(np.ones(s) for s in ((3, 2), 3, 3)))
    with pytest.raises(ShapeError, match="keys"):
        assert_gradient(lambda a: a, lambda a: {"b": a}, {"a": 1.0})
    with pytest.raises(KindError, match="not finite"):
        assert_gradient(quadratic, lambda x: x, np.array([np.nan, 1]))
    with pytest.raises(KindError, match="numbers"):
        assert_gradient(quadratic, lambda x: x, "point")
    with pytest.raises(KindError, match="on_kink"):
        assert_gradient(quadratic, lambda x: x, point, on_kink="ignore")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="positive"):
        assert_gradient(quadratic, lambda x: x, point, tolerance=0)


def turn(x):
    return np.array([-x[1], x[0]])


def test_invariants():
    assert_flow_invariant(turn, lambda x: x @ x, vectors(2))
    assert_flow_invariant(lambda p, q: (-q, p), lambda p, q: p**2 + q**2, (3.0, 4.0))
    with pytest.raises(AssertionError, match=r"in 1 of 2 entries\n  quantity\[1\]: moves with the velocity 3 "):
        assert_flow_invariant(turn, lambda x: np.array([x @ x, x[1]]), np.array([3.0, 4.0]))
    with pytest.raises(AssertionError, match=r"x = np.array\(\[0.0, 1.0\]\)"):
        assert_flow_invariant(turn, lambda x: x[0], vectors(2))
    with pytest.raises(AssertionError, match="kink"):
        assert_flow_invariant(lambda x: 1.0, relu, 0.0)
    with pytest.raises(AssertionError, match="velocity is not finite"):
        assert_flow_invariant(lambda x: np.nan, relu, 0.0)
    with pytest.raises(ShapeError, match="velocity must have the shape"):
        assert_flow_invariant(lambda x: x[:1], lambda x: x @ x, np.array([3.0, 4.0]))
    with pytest.raises(ShapeError, match="empty"):
        assert_flow_invariant(turn, lambda x: [], np.array([3.0, 4.0]))


@pytest.mark.parametrize(
    ("f", "derivative"),
    [(np.sin, 1.0), (lambda t: np.exp(5 * t), 5.0), (lambda t: 1 / (1.1 + t), -1 / 1.21), (lambda t: 1e8 + t, 1.0)],
)
def test_the_estimated_error_covers_the_error(f, derivative):
    found = differentiate(lambda t: np.atleast_1d(f(t)))
    assert abs(found.value[0] - derivative) <= found.error[0]
    assert found.error[0] < 1e-2
    assert found.jump[0] == 0
