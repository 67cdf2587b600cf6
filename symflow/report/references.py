"""What a document cites: the paper that the derivations follow, where they name it, and symflow itself."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from symflow.report.escaping import escape, prose

_PAPER = "arXiv:2501.07400"
_CITED = re.compile(re.escape(_PAPER))

BIBTEX = """\
@misc{chen2025effective,
  author        = {Chen, Thomas},
  title         = {Derivation of effective gradient flow equations and dynamical truncation of training data
                   in {Deep} {Learning}},
  year          = {2025},
  eprint        = {2501.07400},
  archivePrefix = {arXiv},
}

@software{symflow,
  title   = {symflow: a checker of derivations in matrix calculus},
  version = {VERSION},
}
"""


def bibtex() -> str:
    """The entries for a BibTeX file, with the version of symflow that is running."""
    from symflow import __version__

    return BIBTEX.replace("VERSION", __version__)


def cited(text: str, names: Container[str] = ()) -> str:
    r"""A source as TeX, the paper by its number in the list of references; ``names`` are set as symbols.

    >>> cited("arXiv:2501.07400, Section 3; theory B3")
    '\\cite{chen2025effective}, Section 3; theory B3'
    """
    return _CITED.sub(lambda _: r"\cite{chen2025effective}", prose(text, names))


def bibliography(text: str) -> Iterator[str]:
    """The list of references of a document: the paper if it is cited in the text."""
    from symflow import __version__

    yield r"\begin{thebibliography}{9}"
    if r"\cite{chen2025effective}" in text:
        yield (
            r"\bibitem{chen2025effective} T.~Chen. \emph{Derivation of effective gradient flow equations and dynamical "
            r"truncation of training data in Deep Learning}. arXiv:2501.07400."
        )
    yield (
        rf"\bibitem{{symflow}} \emph{{symflow}}, version {escape(__version__)}: a checker of derivations in matrix "
        r"calculus."
    )
    yield r"\end{thebibliography}"
