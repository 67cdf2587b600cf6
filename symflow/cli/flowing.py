"""``symflow flow``: data in, a trajectory with its events out, and pictures of it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.cli.first_run import announce_compiling
from symflow.cli.flow_options import refuse_foreign
from symflow.cli.flow_start import Start, read_start
from symflow.cli.statuses import PROVED, UNDECIDED
from symflow.errors import CertificateError, ClaimError, SymflowError
from symflow.flow import chamber_flow, general_weight_flow, layered_flow, rotation_flow, separated_flow
from symflow.flow.records import (
    FlowRecord,
    record_chamber,
    record_general,
    record_layered,
    record_rotation,
    record_separated,
)
from symflow.network import LabelledData, PulledBackParameters
from symflow.report.cleaning import one_line
from symflow.report.flow_files import events_path, save_archive, save_tables
from symflow.report.saving import require_folder, require_place

Advance = Callable[[float], None]
SETTINGS = (
    "bias", "classes", "cost", "data", "features", "labels", "layers", "output_bias", "rotation", "rtol", "seed",
    "step", "t_max", "target", "weights",
)  # fmt: skip
RTOL = 1e-9


class NoStartError(SymflowError):
    """The flow has no continuation at its very start."""


def flow(options: Namespace) -> int:
    """Run the flow that the command line asks for, write it, and return the exit status."""
    refuse_foreign(options)
    if options.flow == "layered":
        options.cost = options.cost or "input"
    output = Path(options.output)
    form = options.format or ("csv" if output.suffix.lower() == ".csv" else "npz")
    _look_before(output, form, options)
    start = read_start(options)
    announce_compiling(options.flow)
    try:
        with _progress(f"{options.flow} flow") as advance:
            record = _RUNS[options.flow](start, options, advance)
    except (NoStartError, CertificateError) as error:
        print(f"symflow flow: {error}", file=sys.stderr)
        return UNDECIDED
    _note_other_clusters(record)
    if form == "csv":
        save_tables(output, record)
        print(f"{one_line(str(output))}, {one_line(str(events_path(output)))}: {_described(record)}")
    else:
        settings = {name: str(getattr(options, name)) for name in SETTINGS if getattr(options, name) is not None}
        save_archive(output, record, settings)
        print(f"{one_line(str(output))}: {_described(record)}")
    if record.certificate:
        print(f"certified: {record.certificate}")
    if options.pictures is not None:
        _draw(Path(options.pictures), record, start.names, options.animate)
    if not record.complete:
        print(f"symflow flow: it ends at t = {record.times[-1]:.6g}: {record.message}", file=sys.stderr)
        return UNDECIDED
    return PROVED


def _look_before(output: Path, form: str, options: Namespace) -> None:
    """Raise ClaimError where the result could not be written, or would take the place of what is read."""
    if not options.output:
        raise ClaimError("-o is empty; give a file, such as flow.npz")
    if output.is_dir():
        raise ClaimError(f"-o {one_line(str(output))} is a folder; give a file, such as {output / 'flow.npz'}")
    require_place(output)
    for path in (output, events_path(output)) if form == "csv" else (output,):
        for option in ("data", "rotation"):
            given = Path(getattr(options, option))
            if path.exists() and given.is_file() and path.samefile(given):
                raise ClaimError(
                    f"-o: {one_line(str(path))} is read by --{option}, and would be lost; give another name"
                )
    if options.pictures is not None:
        from symflow.report.flow_pictures import require_matplotlib

        if not options.pictures:
            raise ClaimError("--pictures is empty; give a folder")
        require_folder(Path(options.pictures))
        require_matplotlib()


def _separated(start: Start, options: Namespace, _advance: Advance) -> FlowRecord:
    parts = [
        separated_flow(start.data.points[start.data.labels == layer], target, bias, rotation=rotation,
                       weights=start.data.masses[start.data.labels == layer])
        for layer, (target, bias, rotation) in enumerate(
            zip(start.data.targets, start.biases, start.rotations, strict=True)
        )
    ]  # fmt: skip
    return record_separated(parts, start.rotations, start.data, _times(options.t_max, "", options))


def _chamber(start: Start, options: Namespace, advance: Advance) -> FlowRecord:
    data = start.data
    found = chamber_flow(
        data.points, data.labels, data.targets, start.biases, start.rotations, t_max=options.t_max,
        weights=data.masses, output_bias=options.output_bias or "frozen", certify=options.certify is not None,
        progress=advance,
    )  # fmt: skip
    reached = options.t_max if found.status == "equilibrium" else found.t_end
    return record_chamber(found, data, _times(reached, found.message, options))


def _rotation(start: Start, options: Namespace, advance: Advance) -> FlowRecord:
    return _turning(rotation_flow, record_rotation, start, options, advance)


def _general(start: Start, options: Namespace, advance: Advance) -> FlowRecord:
    return _turning(general_weight_flow, record_general, start, options, advance)


def _turning(
    flow: Callable[..., Any], record: Callable[..., FlowRecord], start: Start, options: Namespace, advance: Advance
) -> FlowRecord:
    data = start.data
    found = flow(
        data.points, data.labels, data.targets, start.biases, start.rotations, t_max=options.t_max,
        weights=data.masses, rtol=options.rtol or RTOL, progress=advance,
    )  # fmt: skip
    return record(found, data, _times(found.end, found.message, options))


def _layered(start: Start, options: Namespace, advance: Advance) -> FlowRecord:
    data = start.data
    width = data.points.shape[1]
    network = PulledBackParameters((*start.rotations, np.eye(width)), (*start.biases, np.zeros(width)))
    labelled = LabelledData(data.points, data.targets[data.labels], data.masses, tuple(data.labels.tolist()))
    done = 0.0  # of the two flows: the layers, and the effective one, which the record asks for

    def half(share: float) -> None:
        advance((done + share) / 2)

    found = layered_flow(
        network, labelled, t_max=options.t_max, cost=options.cost, step=options.step, rtol=options.rtol or RTOL,
        progress=half,
    )  # fmt: skip
    done = 1.0
    return record_layered(found, data, _times(found.end, found.message, options))


_RUNS: dict[str, Callable[[Start, Namespace, Advance], FlowRecord]] = {
    "separated": _separated, "chamber": _chamber, "rotation": _rotation, "general": _general,
    "layered": _layered,
}  # fmt: skip


def _times(reached: float, message: str, options: Namespace) -> NDArray[np.float64]:
    if reached == 0:
        raise NoStartError(
            "the flow does not start, because data lie on walls and several continuations are possible, or none is "
            "sure; give another --bias, such as --bias random, which starts off the walls. "
            + shorten(f"In detail: {message}", 240, placeholder=" …")
        )
    return np.linspace(0.0, reached, options.samples)


def _described(record: FlowRecord) -> str:
    """Such as "60 points in R^2, 2 layers, t = 0 to 10, 31 events (31 crosses), loss 2.1 to 0.03, horizon"."""
    count, width = record.points.shape
    kinds = Counter(record.events["kind"].tolist())
    listed = ", ".join(f"{kinds[kind]} {name}" for kind, name in _KINDS.items() if kinds[kind])
    events = f"{len(record.events)} event{'' if len(record.events) == 1 else 's'}" + (
        f" ({listed})" if len(kinds) > 1 else ""
    )
    depth = record.biases.shape[1]
    layers = f"{depth} layer{'s' if depth > 1 else ''}"
    return (
        f"{count} points in R^{width}, {layers}, t = 0 to {record.times[-1]:g}, {events}, "
        f"loss {record.losses[0]:.4g} to {record.losses[-1]:.4g}; {record.status}"
    )


_KINDS = {"crosses": "crossed", "slides": "began to slide", "leaves": "left"}


def _note_other_clusters(record: FlowRecord) -> None:
    """A separated flow assumes that no layer truncates another cluster; say so where the data are otherwise."""
    if record.flow != "separated":
        return
    for layer, (beta, rotation) in enumerate(zip(record.biases[0], record.weights[0], strict=True)):
        others = record.points[record.labels != layer]
        met = int((((others + beta) @ rotation.T) <= 0).any(axis=1).sum())
        if met:
            seen = f"layer {layer + 1} truncates {met} of {len(others)} points of other classes at the start"
            print(f"symflow flow: {seen}; a separated flow leaves them out, the chamber flow does not", file=sys.stderr)


def _draw(folder: Path, record: FlowRecord, names: tuple[str, ...], animate: bool) -> None:
    from symflow.report.flow_pictures import draw_all

    with _progress("pictures") as advance:
        written = draw_all(folder, record, names, animate=animate, progress=advance)
    print(f"{one_line(str(folder))}: {', '.join(path.name for path in written)}")


@contextmanager
def _progress(what: str) -> Iterator[Advance]:
    """A bar on a terminal, of the share that is done; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda share: progress.update(task, total=1.0, completed=share)
