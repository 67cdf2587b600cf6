"""Draws land inside a chamber with the margin asked for, reproducibly, and cover both components of O(Q)."""

from fractions import Fraction

import numpy as np
import pytest

from symflow.errors import LimitError, ShapeError, UnsupportedError
from symflow.network import (
    LabelledData,
    LayeredParameters,
    draw_chamber_for,
    draw_inside_chamber,
    draw_network,
    draw_orthogonal,
    margin,
    nearest_wall,
    to_layers,
)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(("Q", "L", "N"), [(1, 1, 1), (2, 3, 5), (4, 2, 8), (6, 5, 40)])
def test_drawn_networks_keep_the_margin(Q, L, N, exact):
    network, data = draw_inside_chamber(np.random.default_rng(0), Q, L, N, Fraction(1, 100), exact=exact)
    assert network.exact == data.exact == exact
    assert (network.depth, network.dimension, data.points.shape) == (L, Q, (N, Q))
    assert margin(network, data) >= Fraction(1, 100) - Fraction(1, 10**12)
    assert set(data.labels) == set(range(min(Q, N)))


def test_margin_is_the_smallest_preactivation_of_the_layered_network():
    network, data = draw_inside_chamber(np.random.default_rng(1), 3, 3, 6, 0.01, exact=True, adapted=False)
    layers = to_layers(network)
    state, smallest = data.points, None
    for weight, bias in zip(layers.weights[:-1], layers.biases[:-1], strict=True):
        affine = state @ weight.T + bias
        smallest = min([abs(entry) for entry in affine.flat] + ([smallest] if smallest is not None else []))
        state = np.where(affine > 0, affine, 0)
    assert margin(network, data) == smallest
    wall = nearest_wall(network, data)
    assert abs(wall.preactivation) == smallest


def test_the_pattern_is_constant_up_to_the_wall_and_changes_behind_it():
    network = LayeredParameters(([[1.0]], [[2.0]]), ([-1.0], [1.0]))
    data = LabelledData([[3.0], [0.5]], [[4.0], [0.0]], [1.0, 1.0], (0, 0))
    assert nearest_wall(network, data).datum == 1
    moved = LayeredParameters(([[1.0]], [[2.0]]), ([-0.4], [1.0]))
    assert nearest_wall(moved, data).preactivation == pytest.approx(0.1)


def test_the_same_seed_draws_the_same():
    first, second = (draw_inside_chamber(np.random.default_rng(4), 3, 2, 5, 0.01)[1] for _ in range(2))
    assert (first.points == second.points).all()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("exact", [False, True])
def test_orthogonal_matrices_of_both_determinants(exact, size):
    rng = np.random.default_rng(0)
    signs = set()
    for _ in range(12):
        R = draw_orthogonal(rng, size, exact=exact)
        defect = np.abs(R @ R.T - np.eye(size, dtype=int)).max()
        assert defect == 0 if exact else defect < 1e-14
        signs.add(round(np.linalg.det(R.astype(float))))
    assert signs == {-1, 1}


@pytest.mark.parametrize("exact", [False, True])
def test_a_chamber_for_given_data(exact):
    _, data = draw_inside_chamber(np.random.default_rng(2), 2, 1, 10, 0.1, exact=exact)
    network = draw_chamber_for(np.random.default_rng(3), data, 2, Fraction(1, 1000), adapted=False)
    assert network.exact == exact and not network.adapted
    assert margin(network, data) >= Fraction(1, 1000)


def test_impossible_margins_are_reported():
    with pytest.raises(LimitError, match="smaller margin"):
        draw_inside_chamber(np.random.default_rng(0), 2, 1, 2, 1000)
    _, data = draw_inside_chamber(np.random.default_rng(0), 2, 1, 4, 0.01)
    with pytest.raises(LimitError, match="smaller margin"):
        draw_chamber_for(np.random.default_rng(0), data, 1, 1000)


def test_impossible_sizes_are_reported():
    with pytest.raises(ShapeError, match="Q >= 1"):
        draw_inside_chamber(np.random.default_rng(0), 0, 1, 2, 0.1)
    with pytest.raises(ShapeError, match="need targets in"):
        draw_chamber_for(np.random.default_rng(0), LabelledData([[1.0, 2.0]], [[1.0]], [1.0], (0,)), 1, 0.1)


def test_an_affine_network_has_no_walls():
    network, data = draw_inside_chamber(np.random.default_rng(0), 2, 0, 3, 0.1)
    with pytest.raises(UnsupportedError, match="no walls"):
        margin(network, data)
    assert draw_network(np.random.default_rng(0), 2, 0).depth == 0


@pytest.mark.parametrize("size", [2, 3, 4])
def test_exact_orthogonal_matrices_map_no_axis_to_an_axis(size):
    rng = np.random.default_rng(0)
    draws = [draw_orthogonal(rng, size, exact=True) for _ in range(40)]
    assert all((np.abs(R) != 1).all() for R in draws)
