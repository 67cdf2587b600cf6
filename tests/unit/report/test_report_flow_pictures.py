"""What the pictures of a flow show: the points that are drawn are those that the cost is made of."""

from __future__ import annotations

import io

import numpy as np
import pytest

from symflow.flow import chamber_flow, layered_flow, rotation_flow, separated_flow
from symflow.flow.records import Data, record_chamber, record_layered, record_rotation, record_separated
from symflow.network import LabelledData, PulledBackParameters
from symflow.report.flow_pictures import fractions, steps, tangent_places, thresholds
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


@pytest.mark.parametrize("kind", ["chamber", "rotation"])
def test_fractions_change_at_events_only(kind):
    """Data that slide are on their wall up to rounding, which must not show: they count as truncated all the time."""
    random = np.random.default_rng(2)
    labels = np.arange(24) % 2
    points = random.normal(size=(24, 2))
    targets, biases = 4.0 * random.normal(size=(2, 2)), 0.5 * random.normal(size=(2, 2))
    data, times = Data(points, labels, np.full(24, 1 / 12), targets), np.linspace(0.0, 2.0, 401)
    run, read = {"chamber": (chamber_flow, record_chamber), "rotation": (rotation_flow, record_rotation)}[kind]
    found = read(run(points, labels, targets, biases, ROTATIONS, t_max=2.0, weights=data.masses), data, times)
    assert "slides" in found.events["kind"]
    for layer in (0, 1):
        for k in (0, 1):
            log = found.events[(found.events["layer"] == layer + 1) & (found.events["component"] == k)]
            for place in np.flatnonzero(np.diff(found.fractions[:, layer, k])):
                assert ((log["time"] > times[place]) & (log["time"] <= times[place + 1])).any()


def test_what_slides_from_the_start_is_logged():
    """Two classes pull the threshold, which stands on the second point, to and fro."""
    data = Data(np.array([[-1.0], [0.0]]), np.array([0, 1]), np.ones(2), np.array([[2.0], [-3.0]]))
    flow = chamber_flow(data.points, data.labels, data.targets, [[0.0]], [[[1.0]]], t_max=1.0)
    found = record_chamber(flow, data, np.linspace(0.0, 1.0, 5))
    assert found.events.tolist() == [(0.0, 1, 1, 0, "slides", False)]
    assert (found.fractions == 1.0).all()


def test_steps_are_at_the_events():
    found = record("separated")
    for layer in (0, 1):
        for k in (0, 1):
            at, values = steps(found, layer, k)
            log = found.events[(found.events["layer"] == layer + 1) & (found.events["component"] == k)]
            assert set(log["time"]) <= set(at)
            for time in np.linspace(0.0, 1.0, 50):
                own = found.labels == layer
                below = (found.points[own] @ found.weights[0, layer].T)[:, k]
                part = separated_flow(POINTS[own], np.eye(2)[layer], BIASES[layer], rotation=ROTATIONS[layer])
                share = (below <= part.threshold(time)[k]).mean()
                assert values[np.searchsorted(at, time, side="right") - 1] == pytest.approx(share)


def test_pictures_of_many_layers_and_directions():
    """Seven layers in rows of three; no two dashed tangents of one slope follow each other."""
    random = np.random.default_rng(0)
    labels, width = np.arange(70) % 7, 7
    points, targets, rotations = random.normal(size=(70, width)), np.eye(width), np.array([np.eye(width)] * 7)
    data, times = Data(points, labels, np.full(70, 0.1), targets), np.linspace(0.0, 8.0, 101)
    parts = [separated_flow(points[labels == j], targets[j], np.zeros(width)) for j in range(7)]
    found = record_separated(parts, rotations, data, times)
    names = [str(label) for label in range(7)]
    assert len(thresholds(found, names).axes) == 14
    assert len(fractions(found, names).axes) == 7
    for layer in range(7):
        for k in range(width):
            *begins, end = tangent_places(found, layer, k)
            slopes = found.fractions[begins, layer, k]
            assert (np.diff(slopes) != 0).all()
            assert end == 100


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
