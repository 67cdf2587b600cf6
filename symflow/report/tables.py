"""The tables of a document: what each symbol and operation means, and what became of each statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symflow.expr.kinds import KINDS
from symflow.expr.tree import Equation, Expr, Symbol
from symflow.report.chapters import Chapter, Section, certificate_size
from symflow.report.escaping import escape
from symflow.report.labels import listed
from symflow.report.notation import Macros
from symflow.report.theorem_writing import SAID, Outcome

_OPERATIONS = {
    "transpose": "transpose", "inv": "inverse", "tr": "trace", "det": "determinant",
    "sqnorm": "sum of the squares of the entries", "dot": "sum of the products of the entries",
    "comm": "commutator, first times second minus second times first", "sym": "symmetric part",
    "skew": "antisymmetric part", "hadamard": "entrywise product", "diag": "diagonal matrix with these entries",
    "diagpart": "diagonal of a matrix", "datasum": "sum over the data with positive weights",
    "relu": "positive part of every entry", "step": "1 for positive entries, else 0", "grad": "gradient",
    "liegrad": "gradient along the orthogonal group, an antisymmetric matrix", "jac": "Jacobian matrix",
    "diff": "derivative in a direction", "along": "derivative in time along a flow",
    "eye": "identity matrix",
}  # fmt: skip


def notation_table(sections: Sequence[Section], keys: Sequence[str], macros: Macros) -> Iterator[str]:
    """Every symbol with its kind, its shape and the sections where it stands, then every operation that occurs."""
    chapters = [chapter for section in sections for chapter in section.chapters]
    places: dict[Symbol, list[str]] = {}
    for section, key in zip(sections, keys, strict=True):
        for part in (part for chapter in section.chapters for part in chapter.parts):
            for symbol in part.derivation.symbols.values():
                if key not in places.setdefault(symbol, []):
                    places[symbol].append(key)
    if not places:
        return
    yield r"\section*{Notation}"
    yield r"\begin{longtable}{@{}lp{0.5\textwidth}lp{0.18\textwidth}@{}}"
    yield r"Symbol & Meaning & Shape & Sections \\ \hline \endhead"
    for symbol, where in sorted(places.items(), key=lambda item: (item[0].name.casefold(), item[0].name, item[0].kind)):
        family = ", one for each data point" if symbol.family else ""
        glyph = macros.symbol(symbol, "i" if symbol.family else None)
        meaning = f"{escape(KINDS[symbol.kind].meaning)}{family}"
        numbers = ", ".join(rf"\ref{{{key}}}" for key in where)
        yield rf"${glyph}$ & {meaning} & {_shape(symbol, macros)} & {numbers} \\"
    operations = set(_operations(chapters))
    if operations:
        yield r"\multicolumn{4}{@{}l}{} \\ Operation & Meaning & & \\ \hline"
    for operation in sorted(operations, key=list(_OPERATIONS).index):
        yield rf"${_example(operation, macros)}$ & {_OPERATIONS[operation]} & & \\"
    yield r"\end{longtable}"


def status_table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """One line for each statement: where it stands, its certificates, and how it was confirmed."""
    if not outcomes:
        return
    yield "\n" + r"\section*{Appendix: certificates and confirmations}"
    counts = {name: [o.standing for o in outcomes].count(name) for name in dict.fromkeys(o.standing for o in outcomes)}
    what_became = listed([f"{number} {SAID.get(name, name)}" for name, number in counts.items()])
    yield f"Of {len(outcomes)} statements: {what_became}."
    yield "A certificate is a list of steps that the independent checker replays by expansion; 0 steps means that both"
    yield "sides are the same after expansion. Several numbers belong to the parts of a proof in their order."
    yield "Confirmations compare a statement that is proved already with a second route."
    yield r"\begin{longtable}{@{}>{\raggedright}p{0.26\textwidth}lrp{0.42\textwidth}@{}}"
    yield r"Statement & Status & Steps & Confirmed by \\ \hline \endhead"
    for outcome in outcomes:
        confirmed = "; ".join(dict.fromkeys(escape(row.confirmation) for row in outcome.rows if row.confirmation))
        sizes = [certificate_size(row) for row in outcome.rows]
        steps = ", ".join("--" if size is None else str(size) for size in sizes) or "--"
        what = SAID.get(outcome.standing, outcome.standing)
        label = escape(outcome.label).replace(".", r".\allowbreak ")  # TeX breaks words behind hyphens alone
        name = rf"\ref{{{outcome.key}}} ({label})"
        yield rf"{name} & {what} & {steps} & \raggedright {confirmed} \tabularnewline"
    yield r"\end{longtable}"


def _shape(symbol: Symbol, macros: Macros) -> str:
    if not symbol.dims:
        return ""
    rows, columns = symbol.shape
    if columns == 1 and symbol.kind == "vector":
        return f"${macros.dimension(rows)}$"
    return rf"${macros.dimension(rows)} \times {macros.dimension(columns)}$"


def _operations(chapters: Sequence[Chapter]) -> Iterator[str]:
    for chapter in chapters:
        for part in chapter.parts:
            derivation = part.derivation
            equations: list[Equation] = [s.equation for s in derivation.statements]
            equations += [h for s in derivation.statements for h in s.hypotheses]
            trees: list[Expr] = [*derivation.definitions.values()]
            trees += [side for equation in equations for side in (equation.lhs, equation.rhs)]
            yield from (node.op for tree in trees for node in tree.walk() if node.op in _OPERATIONS)


def _example(operation: str, macros: Macros) -> str:
    """The operation with letters that stand for anything."""
    fill = macros.notation.fill
    if operation == "along":
        return fill("along", "f", fill("velocity", "X", "V"))
    arguments = {
        "datasum": ("i", "a_{i}"), "grad": ("f", "X"), "liegrad": ("f", "X"), "jac": ("f", "x"), "eye": ("n",),
        "diff": ("f", "X", "V"), "dot": ("X", "Y"), "comm": ("X", "Y"), "hadamard": ("X", "Y"),
    }.get(operation, ("X",))  # fmt: skip
    return fill(operation, *arguments)
