"""Chambers around a state against patterns in random directions, faces counted, hulls against linear programming."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from symflow.errors import LimitError
from symflow.flow import cones as cutting
from symflow.flow.chamber.fans import DataClass, fan_of
from symflow.flow.chamber.hulls import holds_zero
from symflow.flow.chamber.prefixes import PrefixTable
from symflow.flow.cones import Fan, cut, mode_of, whole_space

EVERYWHERE = np.inf


def everything(fan):
    """All faces, none of them passed over."""
    size = fan.cones[0].lines.shape[1]
    return list(fan.faces(lambda _number: (np.zeros(size), EVERYWHERE)))


def data_class(pattern, zeros):
    entries = np.array(pattern)
    for place in zeros:
        entries[place] = 0
    Q = entries.shape[1]
    return DataClass(entries, tuple(zeros), np.array([0]), 1.0, np.zeros(Q), np.zeros(Q))


@pytest.fixture
def table():
    rng = np.random.default_rng(7)
    return PrefixTable(np.array([np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(3)]), moving=False)


ONES = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
MIXED = [[1, 0, 1], [1, 1, 0], [0, 1, 1]]
CASES = [
    [data_class(MIXED, [(0, 0)])],
    [data_class(ONES, [(0, 0), (1, 1)])],
    [data_class(MIXED, [(0, 0), (1, 0), (2, 1)]), data_class(ONES, [(2, 1)])],
    [
        data_class(MIXED, [(1, 1), (1, 0), (2, 2)]),
        data_class(MIXED, [(1, 1), (2, 2), (2, 1)]),
        data_class(ONES, [(2, 0)]),
    ],
]


def patterns_towards(table, classes, direction):
    """By the directional derivative of the network, layer by layer: u' = R(z' + β'), z' = Rᵀ(H u') - β'."""
    found = []
    for group in classes:
        z, bits = np.zeros(table.width), []
        for layer, rotation in enumerate(table.nodes.rotations):
            move = direction[3 * layer : 3 * layer + 3]
            u = rotation @ (z + move)
            kept = group.pattern[layer].copy()
            for k in (k for zero_layer, k in sorted(group.zeros) if zero_layer == layer):
                kept[k] = int(u[k] > 0.0)
                bits.append(int(kept[k]))
            z = rotation.T @ (kept * u) - move
        found.append(tuple(bits))
    return tuple(itertools.chain(*found))


@pytest.mark.parametrize("classes", CASES)
def test_chambers_are_those_that_random_directions_meet(table, classes) -> None:
    fan = fan_of(table, classes)
    rng = np.random.default_rng(3)
    met = {patterns_towards(table, classes, rng.normal(size=table.size)) for _ in range(4000)}
    signs = [tuple(cone.active >> bit & 1 for bit in range(fan.bits)) for cone in fan.cones]
    assert len(set(signs)) == len(signs)
    assert met <= set(signs)
    for cone, sign in zip(fan.cones, signs, strict=True):  # narrow ones may be missed: their middle must be theirs
        assert patterns_towards(table, classes, cone.rays.sum(axis=0) + cone.lines.sum(axis=0)) == sign


@pytest.mark.parametrize("classes", CASES)
def test_faces_have_the_signs_of_their_rays(table, classes) -> None:
    fan = fan_of(table, classes)
    faces = everything(fan)
    assert len({(face.leaving, face.active) for face in faces}) == len(faces)
    assert sum(face.leaving == (1 << fan.bits) - 1 for face in faces) == len(fan.cones)
    (apex,) = (face for face in faces if face.leaving == 0)
    assert len(apex.around) == len(fan.cones)
    for face in faces:
        for number in face.around:
            cone = fan.cones[number]
            inside = [ray for ray, mask in zip(cone.rays, fan.masks(cone), strict=True) if mask & ~face.leaving == 0]
            middle = np.sum([*inside, np.zeros(table.size)], axis=0)
            heights = {bit: float(row @ middle) for bit, row in cone.walls}
            for bit, height in heights.items():
                assert np.sign(height if abs(height) > 1e-9 else 0.0) == mode_of(face, bit)


def test_twenty_walls_in_a_plane_have_81_faces(table, monkeypatch) -> None:
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(2, table.size))
    cones = [whole_space(table.size)]
    for bit in range(20):
        row = rng.normal(size=2) @ plane
        cones = [part for cone in cones for part, _ in cut(cone, row, bit)]
    fan = Fan(20, tuple(cones))
    assert len(fan.cones) == 40
    assert len(everything(fan)) == 81
    monkeypatch.setattr(cutting, "MOST_FACES", 50)
    with pytest.raises(LimitError, match="more than 50 faces"):
        everything(fan)


def test_walls_in_general_position_in_space(table) -> None:
    # m planes through a point of R^3: m² - m + 2 chambers, 2m(m - 1) sectors of planes, m(m - 1) rays, the point
    rng = np.random.default_rng(1)
    space = rng.normal(size=(3, table.size))
    cones = [whole_space(table.size)]
    for bit in range(6):
        row = rng.normal(size=3) @ space
        cones = [part for cone in cones for part, _ in cut(cone, row, bit)]
    fan = Fan(6, tuple(cones))
    assert len(cones) == 32
    assert len(everything(fan)) == 32 + 60 + 30 + 1


def test_too_many_chambers_are_refused(table, monkeypatch) -> None:
    monkeypatch.setattr(cutting, "MOST_CONES", 7)
    with pytest.raises(LimitError, match="more than 7 chambers"):
        fan_of(table, CASES[2])


@pytest.mark.parametrize("seed", range(40))
def test_zero_in_a_hull_by_linear_programming(seed) -> None:
    linprog = pytest.importorskip("scipy.optimize").linprog
    rng = np.random.default_rng(seed)
    r, V = int(rng.integers(1, 6)), int(rng.integers(1, 30))
    points = rng.normal(size=(V, r)) + rng.choice([0.0, 0.7]) * rng.normal(size=r)
    if seed % 3 == 0:  # corners of a parallelepiped, many of which lie on one facet
        edges = rng.normal(size=(r, r))
        points = (np.array(list(itertools.product((0.0, 1.0), repeat=r))) - rng.uniform(-0.1, 1.1, size=r)) @ edges
    sums, wanted = np.vstack((points.T, np.ones(len(points)))), np.append(np.zeros(r), 1.0)
    held = linprog(np.zeros(len(points)), A_eq=sums, b_eq=wanted, bounds=(0, None)).status == 0
    turned = points @ np.linalg.qr(rng.normal(size=(r + 2, r + 2)))[0][:r]
    assert holds_zero(turned) is held


def test_zero_just_outside_a_hull() -> None:
    square = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert holds_zero(square + np.array([1.0 + 1e-9, 0.3])) is False
    assert holds_zero(square + np.array([1.0 - 1e-9, 0.3])) is True
