"""What the pictures of a flow show: the points that are drawn are those that the cost is made of."""

from __future__ import annotations

import io

import numpy as np
import pytest

from symflow.flow import chamber_flow, layered_flow, rotation_flow, separated_flow
from symflow.flow.records import Data, record_chamber, record_layered, record_rotation, record_separated
from symflow.network import LabelledData, PulledBackParameters
from symflow.report.flow_plane import animation, cone, frames, truncated

RANDOM = np.random.default_rng(2)
LABELS = np.repeat([0, 1], 7)
POINTS = RANDOM.normal(size=(14, 2)) + 2.0 * np.eye(2)[LABELS] - 1.0
DATA = Data(POINTS, LABELS, np.full(14, 1 / 7), np.eye(2))
ROTATIONS = np.array([np.eye(2), [[0.6, 0.8], [-0.8, 0.6]]])
BIASES = np.array([[0.9, -0.4], [-0.2, 0.7]])
TIMES = np.linspace(0.0, 1.0, 21)


def record(kind):
    if kind == "separated":
        parts = [
            separated_flow(POINTS[LABELS == j], np.eye(2)[j], BIASES[j], rotation=ROTATIONS[j]) for j in range(2)
        ]  # fmt: skip
        return record_separated(parts, ROTATIONS, DATA, TIMES)
    given = (POINTS, LABELS, np.eye(2), BIASES, ROTATIONS)
    if kind == "chamber":
        return record_chamber(chamber_flow(*given, t_max=1.0, weights=DATA.masses), DATA, TIMES)
    if kind == "rotation":
        return record_rotation(rotation_flow(*given, t_max=1.0, weights=DATA.masses), DATA, TIMES)
    network = PulledBackParameters((*ROTATIONS, np.eye(2)), (*BIASES, np.zeros(2)))
    labelled = LabelledData(POINTS, np.eye(2)[LABELS], DATA.masses, tuple(LABELS.tolist()))
    return record_layered(layered_flow(network, labelled, t_max=1.0), DATA, TIMES)


@pytest.mark.parametrize("kind", ["separated", "chamber", "rotation", "layered"])
def test_the_points_drawn_are_those_of_the_cost(kind):
    found = record(kind)
    for place in (0, 7, 20):
        targets = np.eye(2)[LABELS]
        if kind == "layered":
            targets = targets @ np.linalg.inv(found.extra["output_weight"][place]).T - found.extra["output_beta"][place]
        cost = 0.5 * DATA.masses @ ((truncated(found, place) - targets) ** 2).sum(axis=1)
        assert cost == pytest.approx(found.losses[place], rel=1e-9)


@pytest.mark.parametrize("kind", ["chamber", "rotation", "layered"])
def test_truncated_points_lie_in_the_cone_that_is_drawn(kind):
    found = record(kind)
    for place in (0, 20):
        apex, first, _, second = cone(found, place, 1, 100.0)
        edges = np.stack([first - apex, second - apex], axis=1)
        inside = np.linalg.solve(edges, (truncated(found, place) - apex).T)
        assert inside.min() > -1e-12
        assert np.isclose(inside, 0.0, atol=1e-12).any()  # some of them on its edges


@pytest.mark.parametrize("kind", ["chamber", "rotation", "layered"])
def test_fractions_count_the_events(kind):
    """Each datum that crosses changes the fraction of its layer and direction by its mass; none slides here at once."""
    found = record(kind)
    for layer in (1, 2):
        for k in (0, 1):
            changed = 0.0
            slid = False
            for event in found.events[(found.events["layer"] == layer) & (found.events["component"] == k)]:
                slid |= bool(event["kind"] != "crosses")
                changed += (-1 if event["active"] else 1) * DATA.masses[event["datum"]] / 2
            difference = found.fractions[-1, layer - 1, k] - found.fractions[0, layer - 1, k]
            assert slid or difference == pytest.approx(changed, abs=1e-12)


def test_frames_go_from_start_to_end():
    found = record("chamber")
    places = frames(found)
    assert places == sorted(set(places))
    assert (places[0], places[-1]) == (0, 20)


def test_the_animation_moves():
    from PIL import Image

    found = record("separated")
    done = []
    content = animation(found, ("a", "b"), done.append)
    assert content.startswith(b"GIF8")
    assert done[-1] == 1.0
    with Image.open(io.BytesIO(content)) as image:
        assert image.n_frames == len(frames(found))
        first = np.asarray(image.convert("L"), dtype=float)
        image.seek(image.n_frames - 1)
        assert np.abs(np.asarray(image.convert("L"), dtype=float) - first).mean() > 1.0
