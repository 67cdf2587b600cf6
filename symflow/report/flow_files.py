"""Trajectories as files: a NumPy archive, or two CSV tables. Equal records give equal bytes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from symflow.flow.records import FlowRecord
from symflow.report.saving import save


def save_archive(path: Path, record: FlowRecord, settings: dict[str, str]) -> None:
    """An NPZ file: ``time``, ``beta``, ``weight``, ``threshold``, ``truncated_fraction``, ``loss``, data, events.

    Raises ClaimError where it cannot be written.
    """
    events = {f"event_{name}": record.events[name] for name in record.events.dtype.names or ()}
    arrays = {
        "flow": np.array(record.flow),
        "status": np.array(record.status),
        "message": np.array(record.message),
        "time": record.times,
        "beta": record.biases,
        "weight": np.ascontiguousarray(record.weights),
        "threshold": record.thresholds,
        "truncated_fraction": record.fractions,
        "loss": record.losses,
        "points": record.points,
        "labels": record.labels,
        "masses": record.masses,
        "targets": record.targets,
        **events,
        **record.extra,
        **({"certificate": np.array(record.certificate)} if record.certificate else {}),
        **{f"option_{name}": np.array(value) for name, value in settings.items()},
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    save(path, buffer.getvalue())


def save_tables(path: Path, record: FlowRecord) -> None:
    """The samples as CSV, and the events beside them (``events_path``).

    Columns: time, loss, then for layer l and direction k beta_l_k, threshold_l_k and truncated_l_k, counted from 1.
    """
    layers, width = record.biases.shape[1:]
    names = ["time", "loss"]
    columns = [record.times, record.losses]
    for layer in range(layers):
        for what, values in (
            ("beta", record.biases), ("threshold", record.thresholds), ("truncated", record.fractions)
        ):  # fmt: skip
            for k in range(width):
                names.append(f"{what}_{layer + 1}_{k + 1}")
                columns.append(values[:, layer, k])
    save(path, _table(names, np.stack(columns, axis=1).tolist()))
    save(events_path(path), _table(list(record.events.dtype.names or ()), record.events.tolist()))


def events_path(path: Path) -> Path:
    """Where the events of a table are written: NAME-events.csv for NAME.csv."""
    return path.with_name(f"{path.stem}-events{path.suffix}")


def _table(names: list[str], rows: list[tuple[object, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()
