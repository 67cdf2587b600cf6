"""A dependency graph as an SVG picture: one box for each file, one line for each statement, arrows along the proofs.

Boxes stand in layers from left to right; the statements of a box stand one below the other, so that an arrow between
two boxes runs beside all others, and an arrow inside a box in a lane at its left.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from symflow.report.cleaning import one_line, typographic
from symflow.report.dependencies import LETTERS, MEANINGS, Edge, Graph, Group, Node
from symflow.report.diagrams import COLOURS
from symflow.report.layering import Item, Layers, in_layers

_MARGIN = 24
_BOX = 330  # width of a box
_BETWEEN = 110  # between layers, for the arrows
_GAP = 22  # between boxes of a layer
_HEAD = 30  # height of the line with the name of the file
_LANE = 28  # at the left of a box, for arrows inside it
_LINE = 15  # height of a line of text
_COLUMNS = 42  # characters of text in a line
_MOST_LINES = 3
_STYLE = """\
text { font-family: Helvetica, Arial, sans-serif; font-size: 11.5px; fill: #222222; }
.file { font-weight: bold; font-size: 13px; } .label { font-weight: bold; } .letter { font-weight: bold; }
.box { fill: #F6F6F4; stroke: #C8C8C4; } .statement { fill: #FFFFFF; stroke-width: 1.5; }
.open { stroke-dasharray: 6 3; } .arrow { fill: none; stroke: #555555; stroke-width: 1.3; }
.may { stroke-dasharray: 3 3; }"""

_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0.5 L8 4 L0 7.5 Z" fill="#555555"/></marker></defs>'
)


@dataclass(frozen=True)
class _Place:
    """A rectangle: its left upper corner, its width and its height."""

    x: float
    y: float
    width: float
    height: float


def to_svg(graph: Graph, *, title: str = "What rests on what") -> str:
    """The graph as one SVG document without scripts, links or fonts of its own."""
    boxes, ways = _boxes(graph)
    nodes = _nodes(graph, boxes)
    heading = _MARGIN + 2 * _HEAD
    wide = max((place.x + place.width for place in boxes.values()), default=_BOX) + _MARGIN
    wide = max(wide, 720)
    high = max((place.y + place.height for place in boxes.values()), default=heading) + _MARGIN
    size = f'width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}"'
    name = one_line(title)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(name)}>',
        f"<title>{escape(name)}</title>", f"<style>{_STYLE}</style>", _TIP,
        '<rect width="100%" height="100%" fill="#FFFFFF"/>', *_legend(graph, name),
    ]  # fmt: skip
    for group in graph.groups:
        lines += _group(group, boxes[group.name], nodes)
    lines += _arrows(graph, boxes, nodes, ways)
    return "\n".join([*lines, "</svg>", ""])


def _boxes(graph: Graph) -> tuple[dict[Item, _Place], Layers]:
    """Where the boxes are, by the name of the group, and the places where arrows pass a layer."""
    home = {node.key: group.name for group in graph.groups for node in group.nodes}
    pairs = [(home[edge.source], home[edge.target]) for edge in graph.edges]
    joined = {name for pair in pairs if pair[0] != pair[1] for name in pair}
    layers = in_layers([group.name for group in graph.groups if group.name in joined], pairs_between(pairs))
    heights: dict[Item, float] = {group.name: _height(group) for group in graph.groups}
    places = _stacked(layers, heights)
    bottom = max((p.y + p.height + 2 * _GAP for p in places.values()), default=float(_MARGIN + 2 * _HEAD))
    alone = [group for group in graph.groups if group.name not in joined]
    total = sum(heights[group.name] + _GAP for group in alone)
    ends = [bottom] * max(1, min(len(alone), round(math.sqrt(total / (0.7 * _BOX)))))  # about as wide as high
    for group in alone:  # where there is room
        column = ends.index(min(ends))
        places[group.name] = _Place(_MARGIN + column * (_BOX + _GAP), ends[column], _BOX, heights[group.name])
        ends[column] += heights[group.name] + _GAP
    return places, layers


def pairs_between(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of different names, each once."""
    return list(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]))


def _stacked(layers: Layers, heights: Mapping[Item, float]) -> dict[Item, _Place]:
    """Boxes and waypoints one below the other, as near to what they rest on as those above admit."""
    before: dict[Item, list[Item]] = {}
    for way in layers.ways.values():
        for source, target in pairwise(way):
            before.setdefault(target, []).append(source)
    places: dict[Item, _Place] = {}
    for number, layer in enumerate(layers.items):
        y = float(_MARGIN + 2 * _HEAD)
        for item in layer:
            height = heights.get(item, 8.0)
            known = [places[other] for other in before.get(item, []) if other in places]
            wish = sum(p.y + p.height / 2 for p in known) / len(known) - height / 2 if known else y
            y = max(y, min(wish, y + 160))  # long gaps help nobody
            places[item] = _Place(_MARGIN + number * (_BOX + _BETWEEN), y, _BOX, height)
            y += height + _GAP
    return places


def _text(node: Node) -> list[str]:
    """The text of a node in lines."""
    lines = textwrap.wrap(typographic(one_line(node.text)), _COLUMNS)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1][: _COLUMNS - 2] + " …"]
    return lines


def _node_height(node: Node) -> float:
    return _LINE * (1 + len(_text(node))) + 9


def _height(group: Group) -> float:
    return _HEAD + sum(_node_height(node) + 7 for node in group.nodes) + 6


def _nodes(graph: Graph, boxes: Mapping[Item, _Place]) -> dict[str, _Place]:
    found: dict[str, _Place] = {}
    for group in graph.groups:
        box = boxes[group.name]
        y = box.y + _HEAD
        for node in group.nodes:
            found[node.key] = _Place(box.x + _LANE, y, _BOX - _LANE - 10, _node_height(node))
            y += _node_height(node) + 7
    return found


def _legend(graph: Graph, title: str) -> Iterator[str]:
    yield f'<text x="{_MARGIN}" y="{_MARGIN + 8}" style="font-size:17px;font-weight:bold">{escape(title)}</text>'
    present = {node.status for node in graph.nodes.values()}
    x, y = float(_MARGIN), _MARGIN + 28
    for status in LETTERS:
        if status in present:
            text = MEANINGS[status]
            yield from _badge(status, x, y)
            yield f'<text x="{x + 24}" y="{y + 13}">{escape(text)}</text>'
            x += 44 + 6.6 * len(text)
    for kind, text in (("", "established with all it rests on"), (" open", "not, or not yet")):
        yield f'<rect class="statement{kind}" x="{x}" y="{y}" width="26" height="18" rx="4" stroke="#333333"/>'
        yield f'<text x="{x + 33}" y="{y + 13}">{text}</text>'
        x += 55 + 6.6 * len(text)


def _badge(status: str, x: float, y: float) -> Iterator[str]:
    fill, ink = COLOURS[status]
    yield f'<rect x="{x:g}" y="{y:g}" width="18" height="18" rx="4" fill="{fill}"/>'
    yield (
        f'<text class="letter" x="{x + 9:g}" y="{y + 13:g}" text-anchor="middle" style="fill:{ink}">'
        f"{LETTERS[status]}</text>"
    )


def _group(group: Group, box: _Place, places: Mapping[str, _Place]) -> Iterator[str]:
    yield f'<g><rect class="box" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="7"/>'
    yield f'<text class="file" x="{box.x + 12:g}" y="{box.y + 20:g}">{escape(one_line(group.name, 44))}</text>'
    for node in group.nodes:
        place = places[node.key]
        border = "" if node.established else " open"
        standing = MEANINGS[node.status] + ("" if node.established else ", not established with all that it rests on")
        yield f"<g><title>{escape(one_line(f'{node.label}: {node.text} ({standing})'))}</title>"
        yield (
            f'<rect class="statement{border}" x="{place.x:g}" y="{place.y:g}" width="{place.width:g}" '
            f'height="{place.height:g}" rx="5" stroke="{COLOURS[node.status][0]}"/>'
        )
        yield from _badge(node.status, place.x + 6, place.y + 5)
        yield f'<text class="label" x="{place.x + 31:g}" y="{place.y + 18:g}">{escape(one_line(node.label, 38))}</text>'
        for number, line in enumerate(_text(node), start=1):
            y = place.y + 18 + _LINE * number
            yield f'<text x="{place.x + 31:g}" y="{y:g}">{escape(line)}</text>'
        yield "</g>"
    yield "</g>"


def _arrows(
    graph: Graph, boxes: Mapping[Item, _Place], nodes: Mapping[str, _Place], layers: Layers
) -> Iterator[str]:  # fmt: skip
    home = {node.key: group.name for group in graph.groups for node in group.nodes}
    lanes: dict[str, int] = {}  # arrows from one statement run together
    for edge in graph.edges:
        source, target = home[edge.source], home[edge.target]
        if source == target:
            lane = lanes.setdefault(edge.source, len(lanes))
            path = _beside(nodes[edge.source], nodes[edge.target], 9 + 5 * (lane % 3))
        else:
            between = [boxes[item] for item in layers.ways[source, target][1:-1]]
            path = _across(nodes[edge.source], nodes[edge.target], between)
        yield _arrow(edge, path)


def _arrow(edge: Edge, path: str) -> str:
    return f'<path class="arrow{"" if edge.used else " may"}" d="{path}" marker-end="url(#tip)"/>'


def _beside(source: _Place, target: _Place, lane: float) -> str:
    """From the left side of a statement to the left side of another one, through the lane."""
    start, end, x = source.y + source.height / 2 + 3, target.y + target.height / 2 - 3, source.x
    turn = 6 if end >= start else -6
    return (
        f"M{x:g} {start:g} H{x - lane + 6:g} Q{x - lane:g} {start:g} {x - lane:g} {start + turn:g} "
        f"V{end - turn:g} Q{x - lane:g} {end:g} {x - lane + 6:g} {end:g} H{x:g}"
    )


def _across(source: _Place, target: _Place, points: Sequence[_Place]) -> str:
    """From the right side of a statement through the layers between to the left side of another one."""
    x, y = source.x + source.width, source.y + source.height / 2
    path = f"M{x:g} {y:g}"
    for place in [*points, target]:
        end = place.y + place.height / 2
        half = (place.x - x) / 2 if place.x > x else 60
        path += f" C{x + half:g} {y:g} {place.x - half:g} {end:g} {place.x:g} {end:g}"
        x, y = place.x, end
        if place is not target:
            x += place.width
            path += f" H{x:g}"
    return path
