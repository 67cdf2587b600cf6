"""Networks, and networks with data strictly inside a chamber, as Hypothesis strategies.

Data that miss their margin are not thrown away: layer by layer, each component of the bias is chosen among the gaps
that the data leave on its axis (beyond the last datum there always is one). So every draw succeeds, and shrinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from symflow.errors import ShapeError
from symflow.network import LabelledData, LayeredParameters, PolarParameters, class_weights, one_hot
from symflow.testing.entries import Array, array_of, diagonal_of, rationals, require_sizes
from symflow.testing.structured import invertible_matrices, matrices, orthogonal_matrices, vectors

ROUNDING = Fraction(1001, 1000)  # by how much a margin is widened that has to survive rounding to floats


def networks(widths: Sequence[int], *, exact: bool = False) -> st.SearchStrategy[LayeredParameters]:
    """Layered networks of any widths M_0, ..., M_{L+1}, entries in [-2, 2], on or off the walls of their chambers.

    Raises ShapeError for fewer than two widths or a width below 1.
    """
    if len(widths) < 2:
        raise ShapeError(f"a network has at least an input and an output width; got {list(widths)}")
    for width in widths:
        require_sizes(width=width)
    pairs = zip(widths[1:], widths, strict=False)
    weights = st.tuples(*[matrices(rows, columns, bound=2, exact=exact) for rows, columns in pairs])
    biases = st.tuples(*[vectors(rows, bound=2, exact=exact) for rows in widths[1:]])
    return st.builds(LayeredParameters, weights, biases)


def polar_networks(
    Q: int = 2, L: int = 1, *, exact: bool = False, adapted: bool = True
) -> st.SearchStrategy[PolarParameters]:
    """Networks with L hidden layers of width Q, weights W^(ℓ) = W_* R when ``adapted``, else R̃ᵀ W_* R̃ R.

    Stretches lie in [1/2, 2], W^(L+1) has condition at most 4, β has entries in [-2, 2].
    """
    _require_network(Q, L)
    found = _polar(Q, L, adapted)
    return found if exact else found.map(PolarParameters.to_floats)


def _require_network(Q: int, L: int) -> None:
    require_sizes(Q=Q)
    if L < 0:
        raise ShapeError(f"a network has L >= 0 hidden layers; got L = {L}")


@st.composite
def _polar(draw: st.DrawFn, Q: int, L: int, adapted: bool) -> PolarParameters:
    stretches = tuple(_stretch(draw, Q) for _ in range(L))
    rotations = tuple(draw(orthogonal_matrices(Q, exact=True)) for _ in range(L))
    frames = () if adapted else tuple(draw(orthogonal_matrices(Q, exact=True)) for _ in range(L))
    biases = tuple(draw(vectors(Q, bound=2, exact=True)) for _ in range(L + 1))
    output = draw(invertible_matrices(Q, condition=4, exact=True))
    return PolarParameters(stretches, rotations, biases, (output,), frames)


def _stretch(draw: st.DrawFn, Q: int) -> Array:
    return array_of(draw(st.lists(rationals(Fraction(1, 2), 2), min_size=Q, max_size=Q)), (Q,))


def inside_chamber(
    Q: int = 2,
    L: int = 1,
    N: int = 3,
    *,
    margin: Fraction | float = Fraction(1, 20),
    data: st.SearchStrategy[LabelledData] | None = None,
    exact: bool = False,
    adapted: bool = True,
) -> st.SearchStrategy[tuple[PolarParameters, LabelledData]]:
    """A network and data with min |a^(ℓ)_k(x_i)| ≥ margin over hidden layers, components and data.

    ``data`` are drawn from a strategy of exact data in R^Q (such as ``labelled_clusters(..., exact=True)``), or N
    points in [-2, 2]^Q with one-hot targets. Both parts are exact, or both floats. Raises ShapeError (a ValueError)
    for sizes below 1 and a negative margin; the draw raises ShapeError for data of another kind.

    >>> from hypothesis import given, settings
    >>> from symflow.network import margin
    >>> @settings(max_examples=3, database=None, derandomize=True, deadline=None)
    ... @given(inside_chamber(2, 1, 3, exact=True))
    ... def stays_off_the_walls(drawn):
    ...     assert margin(*drawn) >= Fraction(1, 20)
    >>> stays_off_the_walls()
    """
    _require_network(Q, L)
    require_sizes(N=N)
    if not margin >= 0:
        raise ShapeError(f"a margin is not negative; got {margin}")
    width = Fraction(margin) if exact else Fraction(margin) * ROUNDING
    drawn = _inside(_polar(Q, L, adapted), _points(Q, N) if data is None else data, Q, width)
    return drawn if exact else drawn.map(lambda both: (both[0].to_floats(), both[1].to_floats()))


@st.composite
def _points(draw: st.DrawFn, Q: int, N: int) -> LabelledData:
    points = draw(matrices(N, Q, bound=2, exact=True))
    labels = tuple(draw(st.lists(st.integers(0, Q - 1), min_size=N, max_size=N)))
    return LabelledData(points, one_hot(labels, Q, exact=True), class_weights(labels, exact=True), labels)


@st.composite
def _inside(
    draw: st.DrawFn,
    drawn_network: st.SearchStrategy[PolarParameters],
    drawn_data: st.SearchStrategy[LabelledData],
    Q: int,
    margin: Fraction,
) -> tuple[PolarParameters, LabelledData]:
    network, data = draw(drawn_network), draw(drawn_data)
    if not data.exact or data.points.shape[1] != Q:
        raise ShapeError(
            f"the data for a chamber must be exact and in R^{Q}; drawn were {data.points.dtype} data in "
            f"R^{data.points.shape[1]} (draw them with exact=True, the result is rounded at the end)"
        )
    states, biases = data.points, []
    for stretch, R, frame in zip(network.stretches, network.rotations, network.frames, strict=True):
        W = frame.T @ (stretch[:, None] * frame) @ R
        back = R.T @ frame.T @ diagonal_of([1 / s for s in stretch]) @ frame
        linear = states @ W.T
        shift = array_of([_shift(draw, linear[:, k], margin) for k in range(Q)], (Q,))
        beta = back @ shift
        active = linear + shift
        states = np.where(active > 0, active, 0 * active) @ back.T - beta
        biases.append(beta)
    biases.append(network.biases[-1])
    moved = PolarParameters(network.stretches, network.rotations, tuple(biases), network.output, network.frames)
    return moved, data


def _shift(draw: st.DrawFn, values: Array, margin: Fraction) -> Fraction:
    """A number c with |v + c| >= margin for every value v: -c lies in a gap, or beyond an end, of the values."""
    ordered = sorted(set(values))
    room = max(Fraction(1, 2), 2 * margin)
    edges = [ordered[0] - margin - room, *ordered, ordered[-1] + margin + room]
    gaps = [(low + margin, high - margin) for low, high in pairwise(edges) if high - low >= 2 * margin]
    low, high = draw(st.sampled_from(gaps))
    part = draw(st.sampled_from([Fraction(1, 2), Fraction(0), Fraction(1)]))
    return Fraction(-(low + (high - low) * part))
