"""Drawn networks fit together, clusters are separated or not, and chambers keep their margin."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from symflow.errors import ShapeError
from symflow.network import LabelledData, margin, to_layers
from symflow.testing import inside_chamber, labelled_clusters, networks, polar_networks

FEW = settings(max_examples=15)
LOOK = settings(max_examples=200, database=None, derandomize=True, deadline=None, phases=[Phase.generate])


@pytest.mark.parametrize("exact", [False, True])
@given(data=st.data())
@FEW
def test_layered_networks_of_any_widths(exact: bool, data: st.DataObject) -> None:
    widths = data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    network = data.draw(networks(widths, exact=exact))
    assert network.widths == tuple(widths)
    assert network.exact == exact


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("adapted", [False, True])
@given(data=st.data())
@FEW
def test_polar_networks(exact: bool, adapted: bool, data: st.DataObject) -> None:
    network = data.draw(polar_networks(2, 2, exact=exact, adapted=adapted))
    assert (network.depth, network.dimension, network.exact) == (2, 2, exact)
    assert network.adapted or not adapted
    to_layers(network)  # every weight has an inverse


def test_frames_are_drawn() -> None:
    assert not find(polar_networks(2, 1, adapted=False), lambda network: not network.adapted, settings=LOOK).adapted


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("adapted", [False, True])
@pytest.mark.parametrize(("Q", "L", "N"), [(1, 1, 1), (2, 3, 5), (3, 2, 4)])
@given(data=st.data())
@settings(max_examples=8)
def test_chambers_keep_their_margin(exact: bool, adapted: bool, Q: int, L: int, N: int, data: st.DataObject) -> None:
    wanted = Fraction(data.draw(st.sampled_from([0, 1, 3])), 10)
    network, labelled = data.draw(inside_chamber(Q, L, N, margin=wanted, exact=exact, adapted=adapted))
    assert network.exact == labelled.exact == exact
    assert (network.depth, network.dimension, labelled.size) == (L, Q, N)
    assert margin(network, labelled) >= wanted


def test_chambers_have_active_and_inactive_components_for_different_data() -> None:
    def mixed(drawn: tuple) -> bool:
        network, data = drawn
        active = (to_layers(network).weights[0] @ data.points.T).T + to_layers(network).biases[0] > 0
        return bool((active[:, 0] != active[0, 0]).any())

    find(inside_chamber(2, 1, 3), mixed, settings=LOOK)


@given(inside_chamber(2, 1, data=labelled_clusters(2, 2, 2, exact=True), margin=0.1))
@FEW
def test_chambers_for_clusters(drawn: tuple) -> None:
    network, data = drawn
    assert data.labels == (0, 0, 1, 1)
    assert margin(network, data) >= 0.1


def test_chambers_refuse_what_does_not_fit() -> None:
    with pytest.raises(ShapeError, match="negative"):
        inside_chamber(margin=-1)
    with pytest.raises(ShapeError, match="L >= 0"):
        inside_chamber(L=-1)
    with pytest.raises(ShapeError, match="must be exact"):
        find(inside_chamber(2, 1, data=labelled_clusters(2, 2)), lambda drawn: True, settings=LOOK)
    with pytest.raises(ShapeError, match="input and an output"):
        networks([2])


def spread(data: LabelledData) -> tuple[float, float]:
    """The largest distance within a class, and the smallest between classes (maximum norm)."""
    labels = np.array(data.labels)
    distances = np.abs(data.points[:, None, :] - data.points[None, :, :]).max(axis=2)
    same = labels[:, None] == labels[None, :]
    return distances[same].max(), distances[~same].min()


@pytest.mark.parametrize("exact", [False, True])
@given(data=st.data())
@FEW
def test_separated_clusters(exact: bool, data: st.DataObject) -> None:
    found = data.draw(labelled_clusters(3, 3, 2, exact=exact))
    within, between = spread(found)
    slack = 0 if exact else 1e-12
    assert within <= Fraction(2, 5) + slack
    assert between >= Fraction(3, 5) - slack
    assert (found.targets.sum(axis=1) == 1).all()
    assert found.exact == exact


@given(labelled_clusters(2, 2, 3, separated=False, exact=True))
@FEW
def test_hulls_of_clusters_that_are_not_separated_meet(found: LabelledData) -> None:
    assert (found.points[:3].sum(axis=0) / Fraction(3) == found.points[-1]).all()
