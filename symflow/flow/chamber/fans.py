"""The chambers around a state at walls of the data, laid out class by class and layer by layer (``cones``)."""

from __future__ import annotations

from dataclasses import dataclass

from symflow.errors import LimitError
from symflow.flow import cones
from symflow.flow.chamber.prefixes import PrefixTable
from symflow.flow.cones import Cone, Fan, cut, whole_space
from symflow.network.arrays import Array

Zero = tuple[int, int, int]  # class, layer, component


@dataclass(frozen=True, slots=True)
class DataClass:
    """Data with the same pattern and the same zero preactivations: members, Σw, Σwx, Σwy."""

    pattern: Array  # (L, Q); zeros stand where the preactivation is zero
    zeros: tuple[tuple[int, int], ...]
    members: Array
    weight: float
    moment: Array
    target: Array


@dataclass(frozen=True, slots=True)
class DataFan(Fan):
    """All chambers; what each bit stands for, and for every chamber the last node of each class."""

    zeros: tuple[Zero, ...]
    leaves: tuple[tuple[int, ...], ...]


def fan_of(table: PrefixTable, classes: list[DataClass]) -> DataFan:
    """All chambers around the data classes at walls. Raises LimitError beyond MOST_CONES."""
    zeros = [(index, *place) for index, group in enumerate(classes) for place in sorted(group.zeros)]
    bits = {zero: number for number, zero in enumerate(zeros)}
    laid_out: list[tuple[Cone, tuple[int, ...]]] = [(whole_space(table.size), ())]
    for index, group in enumerate(classes):
        heads = [(cone, leaves, 0) for cone, leaves in laid_out]
        for layer in range(table.depth):
            following = []
            here = [k for zero_layer, k in sorted(group.zeros) if zero_layer == layer]
            for head, leaves, node in heads:
                rows = table.nodes.rows[node].copy()
                parts = [(head, group.pattern[layer].copy())]
                for k in here:
                    parts = [
                        (part, _with_entry(pattern, k, entry))
                        for cone, pattern in parts
                        for part, entry in cut(cone, rows[k], bits[index, layer, k])
                    ]
                following += [(cone, leaves, table.child(node, pattern)) for cone, pattern in parts]
                if len(following) > cones.MOST_CONES:
                    raise LimitError(f"more than {cones.MOST_CONES} chambers meet at one place")
            heads = following
        laid_out = [(cone, (*leaves, node)) for cone, leaves, node in heads]
    return DataFan(
        len(zeros), tuple(cone for cone, _ in laid_out), tuple(zeros), tuple(leaves for _, leaves in laid_out)
    )


def _with_entry(pattern: Array, k: int, entry: int) -> Array:
    changed = pattern.copy()
    changed[k] = entry
    return changed
