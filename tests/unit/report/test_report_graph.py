"""What rests on what: edges from certificates, doubt that spreads, layers, and pictures that are well formed."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.derivation import Derivation, load
from symflow.expr.language import eye, inv, sqnorm, zeros
from symflow.proof import Verdict
from symflow.report.dependencies import LETTERS, Edge, Graph, Group, Node, dependency_graph
from symflow.report.diagrams import COLOURS, to_dot, to_mermaid
from symflow.report.layering import Waypoint, crossings, in_layers
from symflow.report.pictures import to_svg
from tests.snapshot.comparing import HERE, assert_as_kept

EVIL = 'x"]\n<script>alert(1)</script> & \x1b[31m #quot; \\'


def decide(derivation: Derivation, label: str) -> Verdict | None:
    return derivation.verdict(label)


def files() -> list[tuple[str, list[Derivation]]]:
    """Two files: a lemma that is used, one that is not, one that is refuted, and what rests on them."""
    first = Derivation("Rotations")
    R, A, B = first.orthogonal("R", "n"), first.matrix("A", "n"), first.matrix("B", "n")
    first.claim("inverse", inv(R) == R.T)
    first.claim("idle", A + B == B + A)
    first.claim("guess", A @ B == B @ A, title="not so")
    second = Derivation("Lengths")
    S, C, D = second.matrix("S", "n"), second.matrix("C", "n"), second.matrix("D", "n")
    second.lemma("idle", of=first)
    second.lemma("guess", of=first, values={A: C, B: D})
    second.claim("rests", C @ D @ C == D @ C @ C)
    second.claim("follows", C @ D @ D == D @ D @ C)
    third = Derivation("Assuming")
    M, x = third.matrix("M", "n"), third.vector("x", "n")
    third.chain("link", M + M, 2 * M, M * 2)
    third.assume(M.T @ M == eye("n"))
    third.claim("length", sqnorm(M @ x) == sqnorm(x))
    third.claim("free", M @ x + x == x + M @ x)
    third.lemma("length")
    third.claim("twice", sqnorm(M @ x) + sqnorm(x) == 2 * sqnorm(x))
    assert S.shape == M.shape
    return [("one", [first]), ("two", [second, third])]


def by_label(graph: Graph) -> dict[str, Node]:
    return {node.label: node for node in graph.nodes.values()}


def edges(graph: Graph) -> set[tuple[str, str, bool]]:
    nodes = graph.nodes
    return {(nodes[edge.source].label, nodes[edge.target].label, edge.used) for edge in graph.edges}


def test_edges_are_what_the_proofs_used() -> None:
    found = edges(dependency_graph(files(), decide))
    assert ("assumed", "length", True) in found
    assert not any(target == "free" for _, target, _ in found)  # its proof uses nothing
    assert ("guess", "rests", False) in found and ("guess", "follows", False) in found  # not proved: what they may use
    assert not any(source == "inverse" for source, _, _ in found)


def test_doubt_spreads_along_the_edges() -> None:
    graph = dependency_graph(files(), decide)
    nodes = by_label(graph)
    assert {label: nodes[label].status for label in ("guess", "rests", "length", "link", "assumed")} == {
        "guess": "refuted", "rests": "undecided", "length": "proved", "link": "proved", "assumed": "assumed"
    }  # fmt: skip
    assert nodes["length"].established and nodes["inverse"].established
    assert not nodes["rests"].established and not nodes["follows"].established


def test_a_proved_statement_on_doubtful_ground_is_not_established() -> None:
    d = Derivation("Later")
    x = d.vector("x", "n")
    d.claim("open", x == zeros("n"))
    d.claim("sure", x + x == 2 * x, rests_on=["open"])

    def trusting(_derivation: Derivation, label: str) -> Verdict:
        return Verdict("proved" if label == "sure" else "undecided", "", 0.0)

    nodes = by_label(dependency_graph([("f", [d])], trusting))
    assert nodes["sure"].status == "proved" and not nodes["sure"].established


def test_chains_and_inductions_are_one_node() -> None:
    derivations = load(HERE / "examples/layers.py")
    graph = dependency_graph([("layers", derivations)], decide)
    assert list(by_label(graph)) == ["A9", "length", "young", "false"]  # the hypothesis of the step is no assumption
    assert ("A9", "length", True) in edges(graph)
    assert [node.label for node in dependency_graph(files(), decide).groups[1].nodes].count("link") == 1


def test_a_link_that_uses_another_link_of_its_chain_is_no_arrow() -> None:
    d = Derivation("Links")
    A = d.matrix("A", "n")
    d.claim("a.1", A + A == 2 * A)
    d.claim("a.2", 2 * A == A * 2, rests_on=["a.1"])
    graph = dependency_graph([("f", [d])], decide)
    assert list(by_label(graph)) == ["a"] and graph.edges == ()


def test_lemmas_of_files_that_are_not_given_are_shown() -> None:
    (_, two) = files()
    graph = dependency_graph([two], decide)
    assert [group.name for group in graph.groups] == ["two", "Rotations"]
    assert ("guess", "rests", False) in edges(graph)


def test_a_derivation_has_one_home() -> None:
    one, two = files()
    graph = dependency_graph([("both", [*one[1], *two[1]]), one], decide)
    assert [(group.name, group.nodes[0].label) for group in graph.groups] == [("both", "rests"), ("one", "inverse")]


def test_a_statement_under_hypotheses_that_nothing_satisfies_is_vacuous() -> None:
    d = Derivation("Nothing")
    C = d.matrix("C", "n")
    d.assume(C @ C.T == -eye("n"))
    d.claim("anything", C @ C.T @ C == -C)
    assert by_label(dependency_graph([("f", [d])], decide))["anything"].status == "vacuous"


def test_unchecked_statements_are_not_established() -> None:
    graph = dependency_graph(files(), lambda _derivation, _label: None)
    assert {node.status for node in graph.nodes.values()} == {"unchecked", "assumed"}
    assert not any(node.established for node in graph.nodes.values() if node.status == "unchecked")


def test_diagrams_are_as_they_were() -> None:
    graph = dependency_graph(files(), decide)
    assert_as_kept("graph.mmd", to_mermaid(graph))
    assert_as_kept("graph.dot", to_dot(graph))


def test_a_status_is_a_letter_and_a_colour() -> None:
    assert len(set(LETTERS.values())) == len(LETTERS) == len(COLOURS)
    assert len({fill for fill, _ in COLOURS.values()}) == len(COLOURS)


def test_pictures_show_every_statement_and_arrow() -> None:
    graph = dependency_graph(files(), decide)
    picture = ET.fromstring(to_svg(graph))
    space = "{http://www.w3.org/2000/svg}"
    texts = [element.text for element in picture.iter(f"{space}text")]
    assert all(node.label in texts for node in graph.nodes.values())
    arrows = [element for element in picture.iter(f"{space}path") if "arrow" in element.get("class", "")]
    assert len(arrows) == len(graph.edges)
    boxes = [element for element in picture.iter(f"{space}rect") if "statement" in element.get("class", "")]
    dashed = sum("open" in box.get("class", "") for box in boxes)
    assert dashed == 1 + sum(not node.established for node in graph.nodes.values())  # one is in the legend


def test_statements_do_not_overlap_and_stay_inside() -> None:
    nodes = [tuple(Node(f"{g}{k}", f"{g}{k}", "word " * (7 * k), "proved", True) for k in range(3)) for g in "abcdef"]
    groups = tuple(Group(name, own) for name, own in zip("abcdef", nodes, strict=True))
    arrows = (Edge("a0", "b0"), Edge("b1", "c2"), Edge("a1", "c0"), Edge("d0", "c1"), Edge("e0", "e2"))
    picture = ET.fromstring(to_svg(Graph(groups, arrows)))
    rectangles = [
        tuple(float(element.get(name, "0")) for name in ("x", "y", "width", "height"))
        for element in picture.iter("{http://www.w3.org/2000/svg}rect")
        if element.get("class") == "statement"
    ]
    for (x, y, w, h), (u, v, a, b) in itertools.combinations(rectangles, 2):
        assert x + w <= u or u + a <= x or y + h <= v or v + b <= y
    wide, high = float(picture.get("width", "0")), float(picture.get("height", "0"))
    assert all(x >= 0 and y >= 0 and x + w <= wide and y + h <= high for x, y, w, h in rectangles)


def test_text_from_strangers_cannot_act() -> None:
    graph = Graph((Group(EVIL, (Node("s0", EVIL, EVIL, "refuted"),)),), ())
    picture = to_svg(graph, title=EVIL)
    assert "<script" not in picture and "\x1b" not in picture
    ET.fromstring(picture)
    assert "<script" not in to_mermaid(graph) and '\\"' not in to_mermaid(graph)
    assert to_mermaid(graph).count('"') == 4  # those around the two texts
    assert '\\"' in to_dot(graph) and "\x1b" not in to_dot(graph)


@pytest.mark.parametrize(
    ("given_edges", "depths"),
    [
        ([], [3]),
        ([("a", "b"), ("b", "c")], [1, 1, 1]),
        ([("a", "b"), ("b", "c"), ("a", "c")], [1, 2, 1]),
        ([("a", "b"), ("b", "a"), ("c", "c")], [2, 1]),
    ],
)
def test_layers(given_edges: Sequence[tuple[str, str]], depths: list[int]) -> None:
    assert [len(layer) for layer in in_layers(["a", "b", "c"], given_edges).items] == depths


def test_layers_are_ordered_to_avoid_crossings() -> None:
    pairs = [("a", "z"), ("b", "y"), ("c", "x")]
    layers = in_layers(list("abcxyz"), pairs)
    assert crossings(layers.items, pairs) == 0
    assert crossings([list("abc"), list("xyz")], pairs) == 3


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16))
def test_edges_run_from_left_to_right_unless_they_close_a_cycle(pairs: list[tuple[int, int]]) -> None:
    names = [str(k) for k in range(8)]
    acyclic = [(str(a), str(b)) for a, b in pairs if a < b]
    layers = in_layers(names, acyclic)
    place = {item: k for k, layer in enumerate(layers.items) for item in layer}
    for pair in acyclic:
        assert [place[item] for item in layers.ways[pair]] == list(range(place[pair[0]], place[pair[1]] + 1))
    assert sorted(item for layer in layers.items for item in layer if not isinstance(item, Waypoint)) == names
    in_layers(names, [(str(a), str(b)) for a, b in pairs])  # cycles come to an end
