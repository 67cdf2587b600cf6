"""The input plane, Q = 2: data, the moving cones −β + W^{-1}R_+², and where truncation has put the points."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from symflow.flow.records import Floats, FlowRecord
from symflow.report.flow_pictures import COLOURS, TITLES, layer_name, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from PIL.Image import Image

FRAMES = 60
FRAMES_PER_SECOND = 12
LAST_FRAME = 2000  # milliseconds
MEANINGS = "faint: data; full: truncated data; stars: targets; rings: apexes of the cones, dotted: their ways"
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def plane(record: FlowRecord, names: Sequence[str]) -> Figure:
    """The plane at the start and at the end, side by side, with the paths of the cones' apexes −β."""
    figure, axes = new_figure(1, 2, 10.5, 1.7 + 4.6 * _proportion(record))
    for axis, place in zip(axes[0], (0, len(record.times) - 1), strict=True):
        draw_plane(axis, record, names, place)
        axis.set_title(f"$t = {record.times[place]:.4g}$, cost {record.losses[place]:.4g}")
    edges = r"(W^{(\ell)})^{-1}" if record.flow in {"general", "layered"} else r"R_\ell^{\top}"
    figure.suptitle(rf"{TITLES[record.flow]}: cones $-\beta_\ell + {edges}\,\mathbb{{R}}_+^2$ and truncated data")
    handles = _handles(record, names)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 6), title=MEANINGS, title_fontsize=9
    )
    return figure


def animation(record: FlowRecord, names: Sequence[str], progress: Callable[[float], None]) -> bytes:
    """The same over time, as an animated GIF; most frames where most happens, which is early.

    Frames are collected here rather than by Matplotlib's writers: an interrupt ends those with an error of their own.
    """
    handles = _handles(record, names)
    columns = 4 if len(handles) == 4 else 3
    lines = -(-len(handles) // columns)
    width, picture, below = 5.6, 4.76 * _proportion(record), 0.95 + 0.2 * lines
    height = picture + below + 0.35
    figure, axes = new_figure(1, 1, width, height)
    figure.set_layout_engine("none")  # the same for all frames
    figure.set_dpi(80)
    axis = axes[0, 0]
    axis.set_position((0.12, below / height, 0.85, picture / height))
    figure.legend(
        handles=handles, loc="lower center", ncols=columns, fontsize=7.5, title=MEANINGS, title_fontsize=7,
    )  # fmt: skip
    places = frames(record)
    decimals = max(0, 3 - math.ceil(math.log10(record.times[-1])))

    images = []
    for number, place in enumerate(places, 1):
        axis.clear()
        draw_plane(axis, record, names, place)
        time, cost = record.times[place], record.losses[place]
        axis.set_title(f"{TITLES[record.flow]}, $t = {time:.{decimals}f}$, cost {cost:.4g}", fontsize=10)
        images.append(_image(figure))
        progress(number / len(places))
    buffer = BytesIO()
    lasting = [round(1000 / FRAMES_PER_SECOND)] * (len(images) - 1) + [LAST_FRAME]
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=lasting, loop=0)
    return buffer.getvalue()


def _image(figure: Figure) -> Image:
    """What is on the figure, in at most 256 colours."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return pixels.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _handles(record: FlowRecord, names: Sequence[str]) -> list[Line2D]:
    """For the legend: a marker for each class, a ring on a line for each layer."""
    from matplotlib.lines import Line2D

    classes = [
        Line2D([], [], color=COLOURS[label % len(COLOURS)], marker=MARKERS[label % len(MARKERS)], linestyle="none",
               markersize=5, label=f"class {name}")
        for label, name in enumerate(names)
    ]  # fmt: skip
    layers = [
        Line2D([], [], color=_layer_colour(record, layer), marker="o", markerfacecolor="none", markersize=8,
               label=layer_name(record, layer, names))
        for layer in range(record.biases.shape[1])
    ]  # fmt: skip
    return classes + layers


def frames(record: FlowRecord) -> list[int]:
    """Samples to show: evenly spaced along half the way in time and half the path of the apexes."""
    moved = np.linalg.norm(np.diff(record.biases.reshape(len(record.times), -1), axis=0), axis=1)
    way = np.concatenate(([0.0], np.cumsum(moved)))
    way = (way / way[-1] if way[-1] > 0 else way) + record.times / record.times[-1]
    wanted = np.linspace(way[0], way[-1], min(FRAMES, len(way)))
    return [int(place) for place in np.unique(np.searchsorted(way, wanted).clip(0, len(way) - 1))]


def draw_plane(axis: Axes, record: FlowRecord, names: Sequence[str], place: int) -> None:
    """Data (faint), what the layers make of them (strong), the cones at one sample, and the way of their apexes."""
    box = _box(record)
    last = truncated(record, place)
    for layer in range(record.biases.shape[1]):
        colour = _layer_colour(record, layer)
        apexes = -record.biases[: place + 1, layer]
        axis.fill(*cone(record, place, layer, 4 * _size(box)).T, color=colour, alpha=0.10, linewidth=0)
        for edge in np.linalg.inv(record.weights[place, layer]).T:
            tip = apexes[-1] + 4 * _size(box) * edge / np.linalg.norm(edge)
            axis.plot(*np.array([apexes[-1], tip]).T, color=colour, linewidth=1)
        axis.plot(*apexes.T, color=colour, linewidth=1, linestyle=":")
        # A ring, so that data which have come together at the apex are seen in it.
        axis.plot(*apexes[-1], marker="o", color=colour, markersize=12, markerfacecolor="none", markeredgewidth=1.8,
                  linestyle="none", zorder=4)  # fmt: skip
    for label in range(len(names)):
        own, colour = record.labels == label, COLOURS[label % len(COLOURS)]
        marker = MARKERS[label % len(MARKERS)]
        axis.plot(*record.points[own].T, marker, color=colour, markersize=4, alpha=0.25, linestyle="none")
        axis.plot(*last[own].T, marker, color=colour, markersize=5, markeredgecolor="white",
                  markeredgewidth=0.3, linestyle="none", zorder=3)  # fmt: skip
        axis.plot(*_target(record, place)[label], marker="*", color=colour, markersize=16, markeredgecolor="black",
                  linestyle="none", zorder=1)  # fmt: skip
    axis.set(xlim=box[0], ylim=box[1], xlabel="$x_1$", ylabel="$x_2$", aspect="equal")


def _layer_colour(record: FlowRecord, layer: int) -> str:
    """That of its class in a separated flow, else one that no class of the first three has."""
    return COLOURS[(layer if record.flow == "separated" else layer + 3) % len(COLOURS)]


def truncated(record: FlowRecord, place: int) -> Floats:
    """z_L of every datum at one sample, (N, Q); in a separated flow each class is truncated by its own layer alone."""
    state = record.points.copy()
    for layer, (beta, weight) in enumerate(zip(record.biases[place], record.weights[place], strict=True)):
        rows = record.labels == layer if record.flow == "separated" else np.ones(len(state), dtype=bool)
        kept = np.maximum((state[rows] + beta) @ weight.T, 0.0)
        state[rows] = np.linalg.solve(weight, kept.T).T - beta
    return state


def cone(record: FlowRecord, place: int, layer: int, reach: float) -> Floats:
    """Corners of the cone −β + W^{-1}R_+², cut off far outside the picture; (4, 2)."""
    apex = -record.biases[place, layer]
    edges = np.linalg.inv(record.weights[place, layer])
    first, second = (edges[:, k] / np.linalg.norm(edges[:, k]) * reach for k in range(2))
    return np.array([apex, apex + first, apex + first + second, apex + second])


def _target(record: FlowRecord, place: int) -> Floats:
    """ỹ_j = (W^(L+1))^{-1}y_j − β_{L+1}, which moves with the output layer where that moves."""
    if "output_weight" not in record.extra:
        return record.targets
    weight, beta = record.extra["output_weight"][place], record.extra["output_beta"][place]
    return np.asarray(np.linalg.solve(weight, record.targets.T).T - beta)


def _box(record: FlowRecord) -> Floats:
    """Limits of the picture: data, targets and all apexes, with a margin."""
    everything = np.concatenate(
        [record.points, _target(record, 0), _target(record, len(record.times) - 1), -record.biases.reshape(-1, 2)]
    )
    low, high = everything.min(axis=0), everything.max(axis=0)
    margin = 0.08 * max(float((high - low).max()), 1e-9)
    return np.stack([low - margin, high + margin], axis=1)


def _proportion(record: FlowRecord) -> float:
    """Height over width of the picture, within reason."""
    wide, high = np.diff(_box(record), axis=1).ravel()
    return float(np.clip(high / wide, 0.5, 1.3))


def _size(box: Floats) -> float:
    return float((box[:, 1] - box[:, 0]).max())
