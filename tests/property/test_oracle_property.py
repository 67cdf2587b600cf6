"""Random networks inside chambers: the three routes of the oracle agree, and with a directional difference."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.network import draw_inside_chamber, to_cumulative, to_layers, to_pulled_back
from symflow.oracle import exact, floating, precise

SYSTEMS = {
    "layers": to_layers,
    "cumulative": to_cumulative,
    "cumulative-bias": to_pulled_back,
    "adapted": lambda network: network,
}
sizes = {
    "seed": st.integers(0, 2**32 - 1),
    "Q": st.integers(1, 3),
    "L": st.integers(1, 3),
    "N": st.integers(1, 4),
    "adapted": st.booleans(),
    "coordinates": st.sampled_from(list(SYSTEMS)),
    "cost": st.sampled_from(["input", "standard"]),
}


def question(seed, Q, L, N, adapted, coordinates):
    network, data = draw_inside_chamber(
        np.random.default_rng(seed), Q, L, N, Fraction(1, 100), exact=True, adapted=adapted
    )
    return SYSTEMS[coordinates](network).as_mapping(), data.points, data.targets, data.weights


@settings(max_examples=25, deadline=None, derandomize=True)
@given(**sizes)
def test_the_three_routes_agree(seed, Q, L, N, adapted, coordinates, cost):
    asked = question(seed, Q, L, N, adapted, coordinates)
    options = {"cost": cost, "coordinates": coordinates}
    truth, rounded = exact.gradients(*asked, **options), floating.gradients(*asked, **options)
    fine = precise.gradients(*asked, **options, digits=30)
    for name, arrays in truth.items():
        for array, floats, reals in zip(arrays, rounded[name], fine[name], strict=True):
            scale = 1 + float(np.abs(array).max())
            assert np.abs(array.astype(float) - floats).max() <= 1e-9 * scale
            assert np.abs(array.astype(float) - reals.astype(float)).max() <= 1e-14 * scale


@settings(max_examples=25, deadline=None, derandomize=True)
@given(**sizes)
def test_the_gradient_predicts_a_small_step_in_all_biases_at_once(seed, Q, L, N, adapted, coordinates, cost):
    # Along a common direction of biases β both costs are quadratic in a chamber, so central differences are exact.
    groups, *data = question(seed, Q, L, N, adapted, coordinates)
    options = {"cost": cost, "coordinates": coordinates}
    rng = np.random.default_rng(seed)
    directions = [
        np.array([Fraction(int(n)) for n in rng.integers(-3, 4, len(bias))], dtype=object) for bias in groups["biases"]
    ]
    step = Fraction(1, 10**8)

    def at(sign):
        shifted = tuple(b + sign * step * d for b, d in zip(groups["biases"], directions, strict=True))
        return exact.cost(groups | {"biases": shifted}, *data, **options)

    gradient = exact.gradients(groups, *data, **options)["biases"]
    predicted = sum((g @ d for g, d in zip(gradient, directions, strict=True)), start=Fraction(0))
    assert (at(1) - at(-1)) / (2 * step) == predicted
