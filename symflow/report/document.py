r"""Derivations as a LaTeX document: notation, sections with theorems and proofs, tables of what became of each.

Only amsmath, amssymb, amsthm, array, geometry, graphicx and longtable are
used. The document reads verdicts and recomputes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symflow.report.chapters import Chapter, Section, sections
from symflow.report.escaping import escape, prose
from symflow.report.labels import Labels
from symflow.report.notation import Macros
from symflow.report.references import bibliography, cited
from symflow.report.tables import notation_table, status_table
from symflow.report.theorem_writing import TheoremWriter

PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[a4paper,left=25mm,right=32mm,top=25mm,bottom=25mm,marginparwidth=22mm,marginparsep=4mm]{geometry}
\usepackage{amsmath,amssymb,amsthm,array,graphicx,longtable}
\allowdisplaybreaks
\emergencystretch=4em
\newtheorem{theorem}{Theorem}
\newtheorem{claim}[theorem]{Claim}
\theoremstyle{definition}
\newtheorem{definition}[theorem]{Definition}
\newtheorem{hypothesis}[theorem]{Hypothesis}
% What became of a statement, and for what it holds, stands beside it.
\newcommand{\status}[2]{\marginpar{\raggedright\normalfont\footnotesize\textsc{#1}\\\scriptsize #2}}
% A formula that no line is wide enough for is made smaller as a whole.
\newsavebox{\formula}
\newcommand{\fitted}[1]{\sbox{\formula}{$\displaystyle#1$}%
  \ifdim\wd\formula>\linewidth\resizebox{\linewidth}{!}{\usebox{\formula}}\else\usebox{\formula}\fi}
"""


def to_document(
    chapters: Sequence[Chapter], *, title: str = "Checked derivations", macros: Macros | None = None,
    macro_file: str | None = None,
) -> str:  # fmt: skip
    r"""A complete LaTeX document.

    Files whose sources say where they belong in the theory, as in "theory B3", stand in its sections A to F; other
    files are sections of their own. ``macros`` collects the notation; it stands in the preamble, unless ``macro_file``
    names the file to read it from.
    """
    used = macros if macros is not None else Macros()
    writer = _Writer(used, chapters)
    body = [line for section in writer.sections for line in writer.section(section)]
    tables = [*notation_table(writer.sections, writer.keys, used), *status_table(writer.theorems.outcomes)]
    notation = used.preamble() if macro_file is None else f"\\input{{{macro_file}}}\n"
    head = [f"\\title{{{escape(title)}}}", r"\author{}", r"\date{}", r"\begin{document}", r"\maketitle"]
    text = "\n".join([*head, *body, *tables])
    return PREAMBLE + notation + "\n".join([text, *bibliography(text), r"\end{document}", ""])


class _Writer:
    def __init__(self, macros: Macros, chapters: Sequence[Chapter]) -> None:
        self.labels = Labels()
        self.sections = sections(chapters)
        in_order = [chapter for section in self.sections for chapter in section.chapters]
        self.theorems = TheoremWriter(macros, self.labels, in_order)
        self.keys = [self.labels.key("sec", section.letter or _stem(section.chapters[0])) for section in self.sections]

    def section(self, section: Section) -> Iterator[str]:
        """A section of the theory with a subsection for each file, or a file as a section."""
        key = self.keys[self.sections.index(section)]
        if not section.letter:
            yield from self._chapter(section.chapters[0], "section", key)
            return
        number = ord(section.letter) - ord("A")
        yield f"\n\\renewcommand{{\\thesection}}{{\\Alph{{section}}}}\\setcounter{{section}}{{{number}}}"
        yield f"\\section{{{escape(section.title)}}}\\label{{{key}}}"
        for chapter in section.chapters:
            yield from self._chapter(chapter, "subsection*", self.labels.key("sec", _stem(chapter)))

    def _chapter(self, chapter: Chapter, command: str, key: str) -> Iterator[str]:
        names = {name for part in chapter.parts for name in (*part.derivation.symbols, *part.derivation.definitions)}
        names |= {dim for part in chapter.parts for dim in part.derivation.dimensions}
        yield f"\n\\{command}{{{prose(chapter.title, names)}}}\\label{{{key}}}"
        headings = set()
        for heading, text in chapter.paragraphs():
            headings.add(heading)
            if heading == "Source":
                yield f"\\par\\noindent\\emph{{Source:}} {cited(text, names)}\n"
            else:
                yield (f"\\par\\noindent\\emph{{{heading}:}} " if heading else "") + prose(text, names) + "\n"
        for part in chapter.parts:
            if len(chapter.parts) > 1:
                under = "subsection" if command == "section" else "subsubsection*"
                yield f"\\{under}{{{prose(part.derivation.title, names)}}}"
            if part.derivation.source and "Source" not in headings:
                yield f"\\par\\noindent\\emph{{Source:}} {cited(part.derivation.source, names)}\n"
            yield from self.theorems.part(part, names)


def _stem(chapter: Chapter) -> str:
    return chapter.file.rpartition("/")[2].removesuffix(".py")
