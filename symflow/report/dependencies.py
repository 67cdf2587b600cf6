"""What rests on what: the statements of derivation files and the lemmas that their proofs used.

Nothing is declared here: an edge is there because a certificate has an entry for the lemma. Of a statement that is not
proved nothing is known of what it would use; then the edges are the lemmas that it may use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symflow.derivation.scope import VACUOUS
from symflow.derivation.statements import Statement
from symflow.derivation.writing import Derivation
from symflow.expr.terminal import to_unicode
from symflow.proof import Verdict
from symflow.report.theorems import Theorem, theorems

LETTERS = {
    "proved": "P", "vacuous": "V", "assumed": "A", "undecided": "U", "refuted": "R", "error": "E", "unchecked": "N",
}  # fmt: skip
MEANINGS = {
    "proved": "proved", "vacuous": "proved, but nothing was found that satisfies its hypotheses",
    "assumed": "assumed", "undecided": "undecided", "refuted": "refuted", "error": "error", "unchecked": "not checked",
}  # fmt: skip
_WORST = ("error", "refuted", "undecided", "unchecked", "vacuous", "proved")

Verdicts = Callable[[Derivation, str], Verdict | None]


@dataclass(frozen=True)
class Node:
    """A statement or an assumption. ``established``: it and all that it rests on are proved or assumed."""

    key: str
    label: str
    text: str
    status: str
    established: bool = False


@dataclass(frozen=True)
class Edge:
    """The target rests on the source; ``used`` says whether its proof does, or only may."""

    source: str
    target: str
    used: bool = True


@dataclass(frozen=True)
class Group:
    """The nodes of one file."""

    name: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Graph:
    """A dependency graph: every node is in one group, and every edge joins two nodes."""

    groups: tuple[Group, ...]
    edges: tuple[Edge, ...]

    @property
    def nodes(self) -> dict[str, Node]:
        """All nodes by key."""
        return {node.key: node for group in self.groups for node in group.nodes}


def dependency_graph(files: Sequence[tuple[str, Sequence[Derivation]]], verdicts: Verdicts) -> Graph:
    """The graph of derivation files, given as pairs of a name and its derivations.

    ``verdicts`` gives the verdict of a statement, or None if it was not checked. Lemmas of derivations that are in no
    file given are put in groups of their own. A statement is known by the title of its derivation and its label,
    because a file that is loaded by another one gives other objects than when it is loaded itself.
    """
    builder = _Builder(verdicts)
    for name, derivations in at_home(files):
        builder.file(name, derivations)
    builder.strangers()
    return _with_establishment(builder.groups, tuple(dict.fromkeys(builder.edges)))


def at_home(files: Sequence[tuple[str, Sequence[Derivation]]]) -> Iterator[tuple[str, list[Derivation]]]:
    """The files without the derivations that they have from another file of these.

    Who loads a file for its lemmas has its derivations too. The home of a derivation is the file with the fewest.
    """
    homes: dict[str, str] = {}
    for name, derivations in sorted(files, key=lambda file: len(file[1])):
        for derivation in derivations:
            homes.setdefault(derivation.title, name)
    for name, derivations in files:
        yield name, [derivation for derivation in derivations if homes[derivation.title] == name]


class _Builder:
    def __init__(self, verdicts: Verdicts) -> None:
        self.verdicts = verdicts
        self.groups: list[Group] = []
        self.edges: list[Edge] = []
        self._keys: dict[tuple[str, str], str] = {}  # of theorems and of their statements, by title and label
        self._missing: dict[tuple[str, str], Derivation] = {}
        self._wanted: list[tuple[tuple[str, str], str, bool]] = []

    def file(self, name: str, derivations: Sequence[Derivation]) -> None:
        nodes: list[Node] = []
        for derivation in derivations:
            assumed: dict[str, str] = {}
            for theorem in theorems(derivation):
                key = f"s{len(self._keys)}"
                for label in (theorem.label, *(s.label for s in theorem.statements)):
                    self._keys.setdefault((derivation.title, label), key)
                for statement in theorem.statements:
                    nodes += self._rests_on(derivation, theorem, statement, key, assumed)
                text = theorem.title or _formula(theorem)
                nodes.append(Node(key, theorem.label, text, self._status(derivation, theorem)))
        self.groups.append(Group(name, tuple(nodes)))

    def _rests_on(
        self, derivation: Derivation, theorem: Theorem, statement: Statement, key: str, assumed: dict[str, str]
    ) -> Iterator[Node]:
        """The assumptions that the statement is the first to use; its edges are put down."""
        verdict = self.verdicts(derivation, statement.label)
        proved = verdict is not None and verdict.status == "proved"
        numbers = verdict.hypotheses_used if verdict is not None else frozenset()
        first = len(statement.hypotheses)
        for number, hypothesis in enumerate(statement.hypotheses):
            if hypothesis not in theorem.hypotheses or (proved and number not in numbers):
                continue  # that of an induction, a theorem about states, or not needed
            text = f"{to_unicode(hypothesis.lhs)} = {to_unicode(hypothesis.rhs)}"
            if text not in assumed:
                assumed[text] = f"{key}h{number}"
                yield Node(assumed[text], "assumed", text, "assumed")
            self.edges.append(Edge(assumed[text], key, proved))
        used = [lemma for k, lemma in enumerate(statement.lemmas, start=first) if not proved or k in numbers]
        for lemma in (*used, *statement.rests_on):
            place = (lemma.derivation.title, lemma.label)
            self._missing.setdefault(place, lemma.derivation)
            self._wanted.append((place, key, proved or lemma in statement.rests_on))

    def _status(self, derivation: Derivation, theorem: Theorem) -> str:
        found = {_status(self.verdicts(derivation, statement.label)) for statement in theorem.statements}
        return next(status for status in _WORST if status in found)

    def strangers(self) -> None:
        """Put down the edges of lemmas, and nodes for those that are in no file given."""
        groups: dict[str, list[Node]] = {}
        for (title, label), derivation in self._missing.items():
            if (title, label) not in self._keys:
                key = self._keys[title, label] = f"s{len(self._keys)}"
                text = derivation.statement(label).title or "in a file that is not shown"
                status = _status(self.verdicts(derivation, label))
                groups.setdefault(title, []).append(Node(key, label, text, status))
        self.groups = [group for group in self.groups if group.nodes]
        self.groups += [Group(title, tuple(nodes)) for title, nodes in groups.items()]
        for place, target, used in self._wanted:
            if self._keys[place] != target:  # the step of an induction may use its base
                self.edges.append(Edge(self._keys[place], target, used))


def _formula(theorem: Theorem) -> str:
    relation = {r"\le": "≤", r"\ge": "≥"}.get(theorem.relation, "=")
    return f" {relation} ".join(map(to_unicode, theorem.sides))


def _status(verdict: Verdict | None) -> str:
    if verdict is None:
        return "unchecked"
    if verdict.status == "proved" and VACUOUS in verdict.detail:
        return "vacuous"
    return verdict.status


def _with_establishment(groups: Sequence[Group], edges: tuple[Edge, ...]) -> Graph:
    """The graph in which every node knows whether it is established."""
    nodes = Graph(tuple(groups), edges).nodes
    established = _established(nodes, edges)
    marked = (
        Group(group.name, tuple(replace(node, established=established[node.key]) for node in group.nodes))
        for group in groups
    )
    return Graph(tuple(marked), edges)


def _established(nodes: Mapping[str, Node], edges: Sequence[Edge]) -> dict[str, bool]:
    """Which nodes and all their ancestors are proved or assumed: what is not spreads along the edges."""
    found = {key: node.status in ("proved", "vacuous", "assumed") for key, node in nodes.items()}
    after: dict[str, list[str]] = {key: [] for key in nodes}
    for edge in edges:
        after[edge.source].append(edge.target)
    doubtful = [key for key, good in found.items() if not good]
    while doubtful:
        for key in after[doubtful.pop()]:
            if found[key]:
                found[key] = False
                doubtful.append(key)
    return found
