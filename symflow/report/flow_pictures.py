"""Pictures of a flow: thresholds with the slopes that theory C4 predicts, truncated fractions, loss, input plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symflow.errors import ClaimError, UnsupportedError
from symflow.flow.records import Floats, FlowRecord
from symflow.report.saving import save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by people with any vision, without their yellow.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
TITLES = {
    "separated": "Separated flow", "chamber": "Flow of the biases", "rotation": "Flow of biases and rotations",
    "general": "Flow of biases and weights", "layered": "Flow of the layers",
}  # fmt: skip
MOST_CURVES = 5  # directions of one layer that are drawn; more would hide each other
ABREAST = 3  # layers beside each other; more would be too small to read
SLOPES = 6  # tangents drawn along one curve
SETTINGS: Any = {
    "font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11,
    "legend.frameon": False, "legend.fontsize": 9, "figure.constrained_layout.use": True,
}  # fmt: skip


def require_matplotlib() -> None:
    """Raise UnsupportedError unless Matplotlib is installed."""
    if find_spec("matplotlib") is None:
        raise UnsupportedError('pictures need Matplotlib, which is not installed here: pip install "symflow[plot]"')


def draw_all(
    folder: Path,
    record: FlowRecord,
    names: Sequence[str],
    *,
    animate: bool = True,
    progress: Callable[[float], None] = lambda _done: None,
) -> list[Path]:
    """Draw all pictures that the flow has into the folder, which is made where it is not there; return their paths.

    thresholds.png, fractions.png, loss.png; where Q = 2 also plane.png and, with ``animate``, plane.gif. ``progress``
    gets the share that is done. Raises UnsupportedError without Matplotlib, ClaimError where nothing can be written.
    """
    require_matplotlib()
    from matplotlib import rc_context

    from symflow.report.flow_plane import animation, plane

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ClaimError(f"{folder} cannot be made: {error.strerror}") from error
    drawings: dict[str, Callable[[], Figure]] = {
        "thresholds.png": lambda: thresholds(record, names),
        "fractions.png": lambda: fractions(record, names),
        "loss.png": lambda: loss(record),
    }
    flat = record.points.shape[1] == 2
    if flat:
        drawings["plane.png"] = lambda: plane(record, names)
    written = []
    with rc_context(SETTINGS):
        for name, draw in drawings.items():
            written.append(folder / name)
            save(written[-1], _png(draw()))
        if flat and animate:
            written.append(folder / "plane.gif")
            save(written[-1], animation(record, names, progress))
    return written


def new_figure(rows: int, columns: int, width: float, height: float) -> tuple[Figure, Any]:
    """A figure and its array of axes, without a window behind it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def layer_name(record: FlowRecord, layer: int, names: Sequence[str]) -> str:
    """Such as "layer 1 (class 0)", where layers belong to classes."""
    owned = record.flow == "separated" and len(names) > 1
    return f"layer {layer + 1} (class {names[layer]})" if owned else f"layer {layer + 1}"


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    # Without the version of Matplotlib in it, equal pictures are equal files.
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()


def thresholds(record: FlowRecord, names: Sequence[str]) -> Figure:
    """q_k(t) of each layer; below, for a separated flow, |q*_k − q_k| with tangents of slope −F_k(q_k) (theory C4)."""
    separated = record.flow == "separated"
    figure, panels = _panels(record, names, 2 if separated else 1)
    for layer, column in enumerate(panels):
        _threshold_curves(column[0], record, layer)
        if separated:
            _distances(column[1], record, layer)
    for first in panels[::ABREAST]:
        first[0].set_ylabel(
            "threshold $q_k = -(R\\beta)_k$"
            if record.flow not in {"general", "layered"}
            else "threshold $-(W\\beta)_k$"
        )
        if separated:
            first[1].set_ylabel("$|q^*_k - q_k|$")
    figure.suptitle(f"{TITLES[record.flow]}: thresholds")
    _legend_below(figure, panels[0][0], _legend_title(record))
    return figure


def _panels(record: FlowRecord, names: Sequence[str], rows: int) -> tuple[Figure, list[list[Axes]]]:
    """A figure with a column of ``rows`` axes over time for each layer, ABREAST layers beside each other."""
    depth = record.biases.shape[1]
    columns, lines = min(depth, ABREAST), -(-depth // ABREAST)
    figure, axes = new_figure(rows * lines, columns, max(4.0 * columns, 5.0), 0.6 + 3.0 * rows * lines)
    panels = []
    for place in range(lines * columns):
        line, column = divmod(place, columns)
        panel = [axes[rows * line + row, column] for row in range(rows)]
        if place >= depth:
            for axis in panel:
                axis.remove()
            continue
        panel[0].set_title(layer_name(record, place, names))
        panel[-1].set_xlabel("time $t$")
        panels.append(panel)
    return figure, panels


def _directions(record: FlowRecord) -> range:
    return range(min(record.points.shape[1], MOST_CURVES))


def _threshold_curves(axes: Axes, record: FlowRecord, layer: int) -> None:
    for k in _directions(record):
        axes.plot(record.times, record.thresholds[:, layer, k], color=COLOURS[k], label=f"$k = {k + 1}$")
        if record.flow == "separated":
            axes.axhline(record.target_thresholds[layer, k], color=COLOURS[k], linestyle=":", linewidth=1)
        if "effective_beta" in record.extra:
            beside = -np.einsum(
                "tij,tj->ti", record.extra["effective_weight"][:, layer], record.extra["effective_beta"][:, layer]
            )
            axes.plot(record.extra["effective_time"], beside[:, k], color=COLOURS[k], linestyle="--", linewidth=1)


def _legend_below(figure: Figure, axes: Axes, title: str) -> None:
    """The colours of the directions, below all axes: inside one of them it would lie on curves."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), title=title or None, title_fontsize=9)


def _legend_title(record: FlowRecord) -> str:
    if record.flow == "separated":
        return f"dotted: target $q^*_k${_left_out(record)}"
    return f"dashed: effective flow{_left_out(record)}" if "effective_beta" in record.extra else _left_out(record)[2:]


def _left_out(record: FlowRecord) -> str:
    more = record.points.shape[1] - MOST_CURVES
    return f"; {more} more directions are not drawn" if more > 0 else ""


def _distances(axes: Axes, record: FlowRecord, layer: int) -> None:
    """Distances to the targets, logarithmic, with tangents of the slopes that the truncated fractions predict."""
    span = record.times[-1]
    lowest = np.inf
    for k in _directions(record):
        distance = np.abs(record.target_thresholds[layer, k] - record.thresholds[:, layer, k])
        seen = distance > 1e-12 * max(1.0, distance.max())
        axes.semilogy(record.times[seen], distance[seen], color=COLOURS[k], linewidth=2.5, alpha=0.45)
        lowest = min(lowest, distance[seen].min(initial=np.inf))
        for begin, end in pairwise(tangent_places(record, layer, k)):
            if seen[begin]:
                # A little longer than to the next one: where the slope changes, the tangent leaves the curve.
                until = min(record.times[end] + span / 25, span)
                reach = np.array([record.times[begin], until])
                line = distance[begin] * np.exp(-record.fractions[begin, layer, k] * (reach - reach[0]))
                axes.semilogy(reach, line, color="black", linestyle="--", linewidth=0.9)
    if np.isfinite(lowest):
        axes.set_ylim(bottom=lowest / 3)
    if layer == 0:
        axes.plot([], [], color="black", linestyle="--", linewidth=0.9, label="slope $-F_k(q_k)$ (C4)")
        axes.legend()


def tangent_places(record: FlowRecord, layer: int, k: int) -> list[int]:
    """Samples at which tangents begin, and the last one: spaced evenly in time and in changes of the fraction together.

    None begins where the slope is that of the one before: two dashed lines on each other would look like a full one.
    """
    fraction = record.fractions[:, layer, k]
    changes = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(fraction)))))
    way = record.times / record.times[-1] + changes / (changes[-1] or 1.0)
    wanted = np.searchsorted(way, np.linspace(0.0, way[-1], SLOPES + 1)).clip(0, len(way) - 2)
    kept = [0]
    for place in np.unique(wanted).tolist():
        if fraction[place] != fraction[kept[-1]]:
            kept.append(place)
    return [*kept, len(way) - 1]


def fractions(record: FlowRecord, names: Sequence[str]) -> Figure:
    """The truncated fraction of each direction over time, and the events as ticks below."""
    figure, panels = _panels(record, names, 1)
    for layer, (axis,) in enumerate(panels):
        for k in _directions(record):
            axis.plot(*steps(record, layer, k), color=COLOURS[k], drawstyle="steps-post", label=f"$k = {k + 1}$")
        here = record.events["time"][record.events["layer"] == layer + 1]
        axis.plot(here, np.full(here.shape, -0.04), "|", color="0.4", markersize=6, alpha=0.6)
        axis.set(ylim=(-0.08, 1.05))
    for first in panels[::ABREAST]:
        first[0].set_ylabel("truncated fraction")
    of = "of the layer's class" if record.flow == "separated" else "of all data"
    figure.suptitle(f"{TITLES[record.flow]}: truncated fractions {of}")
    _legend_below(figure, panels[0][0], "ticks: events" + _left_out(record))
    return figure


def steps(record: FlowRecord, layer: int, k: int) -> tuple[Floats, Floats]:
    """Corners of the truncated fraction as a step function: it jumps at its events, not at the next sample.

    Within a sample's time several events share the change evenly.
    """
    times, values = record.times, record.fractions[:, layer, k]
    log = record.events[(record.events["layer"] == layer + 1) & (record.events["component"] == k)]
    at, levels = [times[:1]], [values[:1]]
    for place in np.flatnonzero(np.diff(values)).tolist():
        inside = log["time"][(log["time"] > times[place]) & (log["time"] <= times[place + 1])]
        at.append(inside if inside.size else times[place + 1 : place + 2])
        levels.append(np.linspace(values[place], values[place + 1], at[-1].size + 1)[1:])
    return np.concatenate([*at, times[-1:]]), np.concatenate([*levels, values[-1:]])


def loss(record: FlowRecord) -> Figure:
    """The cost over time, logarithmic where it covers more than a factor of ten."""
    figure, axes = new_figure(1, 1, 5.4, 3.6)
    axis = axes[0, 0]
    axis.plot(record.times, record.losses, color=COLOURS[0], label=TITLES[record.flow].lower())
    lowest, highest = record.losses.min(), record.losses.max()
    if "effective_loss" in record.extra:
        axis.plot(
            record.extra["effective_time"], record.extra["effective_loss"], color=COLOURS[1], linestyle="--",
            label="effective flow",
        )  # fmt: skip
        lowest = min(lowest, record.extra["effective_loss"].min())
        axis.legend()
    if lowest > 0 and highest > 10 * lowest:
        axis.set_yscale("log")
    else:
        axis.set_ylim(bottom=0)
    axis.set(xlabel="time $t$", ylabel="cost", title=f"{TITLES[record.flow]}: cost")
    return figure
