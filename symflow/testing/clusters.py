"""Labelled data in clusters, as classifiers are trained on: well separated, or provably not.

Distances are measured entry by entry (the maximum norm), so that the promises hold exactly for rationals.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from symflow.errors import ShapeError
from symflow.network import LabelledData, class_weights, one_hot
from symflow.testing.entries import Array, array_of, rationals, require_sizes, rounded

RADIUS = Fraction(1, 5)


def labelled_clusters(
    classes: int = 2,
    dimension: int = 2,
    per_class: int = 3,
    *,
    separated: bool = True,
    exact: bool = False,
) -> st.SearchStrategy[LabelledData]:
    """Clusters of data, ``per_class`` points a class, targets e_1, ..., e_classes in R^dimension, weights 1/N_j.

    ``separated``: the centres are different integer vectors and each point is within 1/5 of its own centre, hence
    within 2/5 of its class and at least 3/5 from all others (maximum norm). Otherwise the convex hulls of the first
    two classes meet, so that no hyperplane separates them.

    Raises ShapeError for a size below 1, more classes than dimensions, or a single class that is not to be separated.
    """
    require_sizes(classes=classes, dimension=dimension, per_class=per_class)
    if classes > dimension:
        raise ShapeError(f"one-hot targets of {classes} classes need as many dimensions; got {dimension}")
    if classes == 1 and not separated:
        raise ShapeError("a single class is separated from all others, as there are none; ask for two classes")
    return _clusters(classes, dimension, per_class, separated, exact)


@st.composite
def _clusters(
    draw: st.DrawFn, classes: int, dimension: int, per_class: int, separated: bool, exact: bool
) -> LabelledData:
    integers = st.tuples(*[st.integers(-2, 2)] * dimension)
    centres = draw(st.lists(integers, min_size=classes, max_size=classes, unique=separated))
    radius = RADIUS if separated else 2
    size = per_class * dimension
    blocks: list[Array] = []
    for centre in centres:
        offsets = draw(st.lists(rationals(-radius, radius), min_size=size, max_size=size))
        blocks.append(array_of(centre, (dimension,)) + array_of(offsets, (per_class, dimension)))
    if not separated:
        # A point of the second class in the middle of the first: the hulls share it.
        blocks[1][-1] = blocks[0].sum(axis=0) / Fraction(per_class)
    labels = tuple(label for label in range(classes) for _ in range(per_class))
    points = rounded(np.concatenate(blocks), exact)
    return LabelledData(points, one_hot(labels, dimension, exact=exact), class_weights(labels, exact=exact), labels)
