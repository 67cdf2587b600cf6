"""Many walls at once and data on walls of two layers: which combinations exist, and where sliding on them ends."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from symflow.errors import LimitError
from symflow.flow import rotation_flow
from symflow.flow.cones import Fan, cut, mode_of, whole_space
from symflow.flow.rotation.arrangements import lies_in_span
from symflow.flow.rotation.equations import Parameters, Rows
from symflow.flow.rotation.hulls import Piece, Polytope, _facets
from symflow.network import draw_orthogonal
from tests.flows.smoothed import equally_weighted, smoothed_biases_and_rotations

SIGN = {"truncated": -1, "sliding": 0, "active": 1}


def equal(points):
    """Weights 1/N, as in the mean that the comparison takes."""
    return np.full(len(points), 1 / len(points))


def exists(normals, modes):
    """By linear programming: some direction has these signs."""
    signs = np.array([SIGN[mode] for mode in modes])
    result = linprog(
        np.zeros(normals.shape[1]),
        A_ub=-(signs[:, None] * normals)[signs != 0],
        b_ub=-np.ones((signs != 0).sum()),
        A_eq=normals[signs == 0] if (signs == 0).any() else None,
        b_eq=np.zeros((signs == 0).sum()) if (signs == 0).any() else None,
        bounds=(None, None),
    )
    return result.status == 0


@pytest.mark.parametrize("seed", range(3))
def test_faces_are_those_that_linear_programming_finds(seed):
    """Three lines in a plane and another wall, in a space of five dimensions."""
    rng = np.random.default_rng(seed)
    normals = np.vstack([rng.normal(size=(3, 2)) @ rng.normal(size=(2, 5)), rng.normal(size=(1, 5))])
    cones = [whole_space(5)]
    for bit, normal in enumerate(normals):
        cones = [part for cone in cones for part, _ in cut(cone, normal, bit)]
    names = {-1: "truncated", 0: "sliding", 1: "active"}
    faces = list(Fan(4, tuple(cones)).faces(lambda _number: (np.zeros(5), np.inf)))
    found = {tuple(names[mode_of(face, bit)] for bit in range(4)) for face in faces}
    assert len(found) == len(faces) == 13 * 3
    assert found == {modes for modes in itertools.product(SIGN, repeat=4) if exists(normals, modes)}


def test_a_gradient_in_the_span_of_others():
    rows = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert lies_in_span(np.array([[3.0, -1.0, 0.0]]), rows)
    assert not lies_in_span(np.array([[3.0, -1.0, 1e-3]]), rows)


def test_a_pentagon():
    """An atom on f = 0 and a datum on s = 0 that has f + g s where s > 0: five cells (theory D2).

    With strengths a of the atom, b of the datum and J of the early wall the corners are, in units of the gradients of f
    and s: 0, (a + b, 0), (0, J), (b, J + b g) and (a + b, J + b g), for g > 0.
    """
    a, b, J, g, drive = 2.0, 1.0, 1.5, 0.5, np.array([1.2, 2.0])
    masks = np.zeros((2, 2, 1))

    def velocity(rows, at):
        s, (atom, datum) = rows.masks[0, 1, 0], rows.masks[1, :, 0]
        return drive - np.array([a * atom + b * datum, s * (J + b * g * datum)])

    def normals(rows, layers, components, at):
        return np.array(
            [
                [1.0, g * m[0, 0]] if layer else [0.0, 1.0]
                for layer, m in zip(layers, rows.masks.swapaxes(0, 1), strict=True)
            ]
        )

    rows = Rows(np.zeros((2, 1)), np.ones(2), np.zeros((2, 1)), masks)
    places = np.array([0]), np.array([1])
    pieces = [
        Piece(0, 1, 0, places[0], places[0]), Piece(0, 1, 0, places[1], places[1]), Piece(1, 0, 0, places[1], places[1])
    ]  # fmt: skip
    nowhere = Parameters(np.zeros((2, 1)), np.zeros((2, 1, 1)), np.zeros((2, 1, 1)))
    polytope = Polytope(pieces, rows, velocity, normals)
    walls = np.eye(2)
    polytope.refresh(nowhere, walls)
    # (atom, datum, s): before s = 0 the two are one.
    assert set(polytope.cells) == {(0, 0, 0), (1, 1, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1)}
    assert len(polytope.facets) == 5
    # (1.2, 2.0) lies below the corner (1, 2) to (3, 2) exactly: on that facet, and inside all others.
    heights = np.sort(polytope.heights(nowhere, walls))
    assert abs(heights[0]) < 1e-12
    assert heights[1] > 0.02
    facet = int(np.argmin(polytope.heights(nowhere, walls)))
    left = {(piece.layer, int(piece.rows[0])): mode for piece, mode in polytope.left(facet)}
    assert left == {(0, 1): "active", (1, 1): "active"}
    drive[:] = 0.4, 1.6  # inside the pentagon, outside of the box that shares of two walls would fill
    assert polytope.heights(nowhere, walls).min() > 0
    drive[:] = 0.4, 1.8
    assert polytope.heights(nowhere, walls).min() < 0


def draw(seed, N=40):
    rng = np.random.default_rng(seed)
    centres, labels = rng.normal(size=(3, 3)), np.arange(N) % 3
    points = centres[labels] + 0.3 * rng.normal(size=(N, 3))
    goals, biases = rng.normal(size=(3, 3)), rng.uniform(-0.5, 1.0, size=(2, 3))
    return points, labels, goals, biases, np.array([draw_orthogonal(rng, 3) for _ in range(2)])


def test_rows_that_count_negatively_keep_their_side():
    """A row that stands for several data may have a negative scale, its gradient then points the other way."""

    def cells(scales):
        def normals(rows, layers, components, at):
            return rows.scales[:, None] * np.array([[1.0, 0.5 * m[0, 0]] if n else [0.0, 1.0] for n, m in zip(
                layers, rows.masks.swapaxes(0, 1), strict=True)])  # fmt: skip

        rows = Rows(np.zeros((2, 1)), np.array(scales), np.zeros((2, 1)), np.zeros((2, 2, 1)))
        one, two = np.array([0]), np.array([1])
        pieces = [Piece(0, 1, 0, one, one), Piece(0, 1, 0, two, two), Piece(1, 0, 0, two, two)]
        polytope = Polytope(pieces, rows, lambda rows, at: np.zeros(2), normals)
        polytope.refresh(Parameters(np.zeros((2, 1)), np.zeros((2, 1, 1)), np.zeros((2, 1, 1))), np.eye(2))
        return set(polytope.cells)

    assert cells([-1.0, 1.0]) == cells([1.0, 1.0]) == {(0, 0, 0), (1, 1, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1)}


def test_facets_are_bounded():
    with pytest.raises(LimitError, match="60 chambers meet along 4 walls"):
        _facets(np.random.default_rng(0).normal(size=(60, 4)))


@pytest.mark.deep
@pytest.mark.parametrize(("seed", "N", "t_max"), [(3, 40, 0.9), (10, 40, 4.5), (2, 60, 2.2)])
def test_whole_families_and_joining_data_as_in_the_smoothed_flow(seed, N, t_max):
    """Draw 3: eighteen walls at 0.818. Draws 10, 2: data join and leave an atom that slides, from 3.63 and 1.80 on."""
    arguments = draw(seed, N)
    flow = rotation_flow(*arguments, t_max=t_max, weights=equal(arguments[0]))
    assert flow.status == "finished", flow.message
    errors = []
    for width in (1e-2, 1e-3, 1e-5):
        beta, R = smoothed_biases_and_rotations(equally_weighted(*arguments), t_max, width)
        errors.append(max(np.abs(flow.bias([t_max])[0] - beta).max(), np.abs(flow.rotation([t_max])[0] - R).max()))
    assert errors[2] < 2e-5
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_a_family_on_one_ray_crosses_at_once():
    flow = rotation_flow(*draw(3), t_max=0.825, weights=equal(draw(3)[0]))
    assert flow.status == "finished", flow.message
    times = [event.time for event in flow.events]
    assert max(times.count(time) for time in times) > 10


def test_a_datum_that_is_tied_only_on_one_side_of_a_slide():
    """At 1.80 an atom at the apex of layer 0 meets a wall; a datum that slides at layer 0 is half in it."""
    flow = rotation_flow(*draw(2, N=60), t_max=2.0, weights=equal(draw(2, N=60)[0]))
    assert flow.status == "finished", flow.message
    assert any(event.time > 1.81 for event in flow.events)


def test_data_that_join_a_sliding_atom():
    flow = rotation_flow(*draw(10), t_max=3.7, weights=equal(draw(10)[0]))
    assert flow.status == "finished", flow.message
    assert any(event.time > 3.63 for event in flow.events)
