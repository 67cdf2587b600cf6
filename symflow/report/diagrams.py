"""A dependency graph as text for other programs: Mermaid (which GitHub shows in Markdown) and DOT (Graphviz).

Colour is never alone: the status is also a letter, and doubt is also a dashed border.
"""

from __future__ import annotations

from collections.abc import Iterator

from symflow.report.cleaning import one_line, typographic
from symflow.report.dependencies import LETTERS, MEANINGS, Graph, Node

# Okabe and Ito's colours, which the colour-blind can tell apart, and what is read on them.
COLOURS = {
    "proved": ("#009E73", "#FFFFFF"), "vacuous": ("#CC79A7", "#000000"), "assumed": ("#56B4E9", "#000000"),
    "undecided": ("#E69F00", "#000000"), "refuted": ("#D55E00", "#FFFFFF"), "error": ("#000000", "#FFFFFF"),
    "unchecked": ("#8A8A8A", "#FFFFFF"),
}  # fmt: skip
_LONGEST = 60


def to_mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart; what is not established by all that it rests on has a dashed border."""
    lines = ["flowchart LR"]
    for number, group in enumerate(graph.groups):
        lines.append(f'  subgraph g{number}["{_mermaid(group.name)}"]')
        for node in group.nodes:
            dashed = "" if node.established else ":::open"
            text = f"{LETTERS[node.status]} · {_mermaid(node.label)}<br/>{_mermaid(_text(node))}"
            lines.append(f'    {node.key}["{text}"]{dashed}')
        lines.append("  end")
    lines += [f"  {edge.source} {'-->' if edge.used else '-.->'} {edge.target}" for edge in graph.edges]
    for status in _present(graph):
        fill, ink = COLOURS[status]
        lines.append(f"  classDef {status} fill:{fill},color:{ink},stroke:#333333")
        keys = ",".join(node.key for node in graph.nodes.values() if node.status == status)
        lines.append(f"  class {keys} {status}")
    if any(not node.established for node in graph.nodes.values()):
        lines.append("  classDef open stroke-dasharray:6 4,stroke-width:2px")
    return "\n".join(lines) + "\n"


def to_dot(graph: Graph) -> str:
    """The graph in Graphviz' language; what is not established by all that it rests on has a dashed border."""
    return "\n".join(_dot_lines(graph)) + "\n"


def _dot_lines(graph: Graph) -> Iterator[str]:
    yield "digraph dependencies {"
    yield '  rankdir=LR; node [shape=box, style="filled,rounded", fontname="Helvetica", fontsize=11];'
    yield "  // " + ", ".join(f"{LETTERS[status]} {MEANINGS[status]}" for status in _present(graph))
    for number, group in enumerate(graph.groups):
        yield f"  subgraph cluster_{number} {{"
        yield f"    label={_dot(one_line(group.name))};"
        yield from (f"    {_dot_node(node)}" for node in group.nodes)
        yield "  }"
    for edge in graph.edges:
        yield f"  {edge.source} -> {edge.target}{'' if edge.used else ' [style=dashed]'};"
    yield "}"


def _dot_node(node: Node) -> str:
    fill, ink = COLOURS[node.status]
    text = f"{LETTERS[node.status]} · {one_line(node.label)}\n{_text(node)}"
    style = "" if node.established else ', style="filled,rounded,dashed", penwidth=2'
    return f'{node.key} [label={_dot(text)}, fillcolor="{fill}", fontcolor="{ink}"{style}];'


def _text(node: Node) -> str:
    return one_line(typographic(node.text), _LONGEST)


def _present(graph: Graph) -> list[str]:
    found = {node.status for node in graph.nodes.values()}
    return [status for status in LETTERS if status in found]


def _mermaid(text: str) -> str:
    """Text between quotes: marks that Mermaid or HTML would act on are written as entities."""
    return "".join(c if c.isalnum() or c in " .,:;-+=()/·…^|→≤≥ᵀ²‖⁻¹½" else f"#{ord(c)};" for c in one_line(text))


def _dot(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
