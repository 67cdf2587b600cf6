"""The route through JAX agrees with the exact one; without JAX it says what to install."""

import sys
from fractions import Fraction

import numpy as np
import pytest

from symflow.errors import UndefinedError, UnsupportedError
from symflow.network import draw_inside_chamber, to_cumulative, to_layers, to_pulled_back
from symflow.oracle import exact, through_jax

SYSTEMS = {
    "layers": to_layers,
    "cumulative": to_cumulative,
    "cumulative-bias": to_pulled_back,
    "adapted": lambda network: network,
}
KINK = {"weights": [[[1]], [[1]]], "biases": [[-1], [0]]}


@pytest.fixture
def jax():
    return pytest.importorskip("jax", reason="JAX is not installed; pip install 'symflow[jax]'")


@pytest.mark.parametrize("cost", ["input", "standard"])
@pytest.mark.parametrize("coordinates", list(SYSTEMS))
@pytest.mark.parametrize(("Q", "L", "N"), [(2, 1, 3), (3, 2, 4), (2, 0, 2)])
def test_agrees_with_the_exact_route(jax, Q, L, N, coordinates, cost):
    network, data = draw_inside_chamber(np.random.default_rng(L), Q, L, N, Fraction(1, 50), exact=True, adapted=False)
    asked = SYSTEMS[coordinates](network).as_mapping(), data.points, data.targets, data.weights
    options = {"cost": cost, "coordinates": coordinates}
    found, truth = through_jax.gradients(*asked, **options), exact.gradients(*asked, **options)
    assert found.keys() == truth.keys()
    for name, arrays in truth.items():
        for array, floats in zip(arrays, found[name], strict=True):
            assert floats.dtype == np.float64 and floats.shape == array.shape
            assert np.abs(array.astype(float) - floats).max() <= 1e-10 * float(1 + np.abs(array).max())
    assert through_jax.cost(*asked, **options) == pytest.approx(float(exact.cost(*asked, **options)), rel=1e-12)


def test_leaves_the_precision_of_the_caller(jax):
    before = jax.config.jax_enable_x64
    through_jax.cost(KINK, [[4.0]], [[1.0]], [1.0])
    assert jax.config.jax_enable_x64 == before


def test_the_examples_of_the_documentation(jax):
    layers = {"weights": [[[0.5]], [[2.0]]], "biases": [[1.0], [0.0]]}
    assert through_jax.cost(layers, [[4.0]], [[1.0]], [1.0], cost="standard") == 12.5
    assert through_jax.gradients(layers, [[4.0]], [[1.0]], [1.0], cost="standard")["weights"][0].tolist() == [[40.0]]


def test_a_kink_is_refused_unless_asked_for(jax):
    asked = KINK, [[3], [1]], [[1], [1]], [1, 1]
    with pytest.raises(UndefinedError, match="datum 1 sits on the kink"):
        through_jax.gradients(*asked)
    wanted = exact.gradients(*asked, on_kink="zero")
    found = through_jax.gradients(*asked, on_kink="zero")
    assert [float(a[0]) for a in wanted["biases"]] == [a[0] for a in found["biases"]]


def test_a_singular_weight_is_refused(jax):
    singular = {"weights": [[[0.0]], [[1.0]]], "biases": [[1.0], [0.0]]}
    with pytest.raises(UndefinedError, match="singular"):
        through_jax.cost(singular, [[3.0]], [[1.0]], [1.0])
    with pytest.raises(UndefinedError, match="singular"):
        through_jax.gradients(singular, [[3.0]], [[1.0]], [1.0])


def test_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)  # importing it now fails, installed or not
    for ask in (through_jax.cost, through_jax.gradients):
        with pytest.raises(UnsupportedError, match=r"symflow\[jax\]"):
            ask(KINK, [[4.0]], [[1.0]], [1.0])
