r"""Text from files of strangers, made safe for TeX: no title can run a command, end a group or open a file.

What comes out is ASCII, so that it means the same under every engine and encoding.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from symflow.expr.names import GREEK
from symflow.report.cleaning import visible

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}", '"': r"\texttt{\char34}", "`": r"\textasciigrave{}",
}  # fmt: skip
_MATHEMATICAL = {
    "ℓ": r"\ell", "⊤": r"\top", "ᵀ": r"{}^{\top}", "·": r"\cdot", "⋯": r"\cdots", "…": r"\ldots", "×": r"\times",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "→": r"\to", "∞": r"\infty", "∇": r"\nabla",
    "Σ": r"\Sigma", "∂": r"\partial", "∈": r"\in", "∘": r"\circ", "⊙": r"\odot", "−": "-", "′": "'", "½": r"\tfrac12",
    "⁻": "{}^{-}", "¹": "{}^{1}", "²": "{}^{2}", "³": "{}^{3}",
} | {letter: f"\\{name}" for name, letter in GREEK.items()}  # fmt: skip
_PUNCTUATION = {
    "–": r"\textendash{}", "—": r"\textemdash{}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "\u00a0": "~", "ß": r"\ss{}",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip

_BASE = "[A-Za-z]|" + "|".join(sorted(GREEK, key=len, reverse=True))
_SYMBOL = re.compile(
    rf"(?<![A-Za-z0-9_\\^])(?:({_BASE})([0-9]{{0,2}}))(_[*+]|_[A-Za-z0-9]+(?![A-Za-z0-9_])|_\{{[A-Za-z0-9+*-]+\}})?"
    r"(\^-?T(?![A-Za-z0-9])|\^-?[0-9](?![A-Za-z0-9])|\^[A-Z](?![A-Za-z0-9])|\^\([A-Za-z0-9+-]{1,9}\))?"
    r"(?![A-Za-z0-9_^])"
)
_DERIVATIVE = re.compile(
    rf"(?<![A-Za-z0-9_\\^])d([A-Z])/d({_BASE})(_[A-Za-z0-9]+|_\{{[A-Za-z0-9+*-]+\}})?(?![A-Za-z0-9_^])"
)
_SIGNS = {
    "->": r"\to", "<=": r"\le", ">=": r"\ge", "==": "=", "...": r"\ldots", ")^T": r")^{\top}", "|^2": "|^{2}",
    " - ": r"\;-\;",
}  # fmt: skip
_LAYER = re.compile(r"(?<![A-Za-z])l(?![A-Za-z])")
_SIGN = re.compile(f"({'|'.join(map(re.escape, _SIGNS))})")
_WORDS = frozenset(("A", "I", "a"))


def escape(text: str) -> str:
    r"""The text as TeX that prints it, on one line; control characters are shown, unknown ones by their code.

    >>> escape("50% of \\input{x}_1")
    '50\\% of \\textbackslash{}input\\{x\\}\\_1'
    >>> escape("Poincaré, β ≤ 中")
    "Poincar\\'{e}, \\ensuremath{\\beta} \\ensuremath{\\le} (U+4E2D)"
    """
    return _written(visible(" ".join(text.split())))


def prose(text: str, names: Container[str] = ()) -> str:
    r"""The text as TeX, with what is plainly a symbol set as one: ``x_i``, ``W_*``, ``R^T``, and those of ``names``.

    >>> prose("W = W_* R and beta, z^(l)", {"R", "beta"})
    '$W$ = $W_{*}$ $R$ and $\\beta$, $z^{(\\ell)}$'
    """
    flat = visible(" ".join(text.split()))
    pieces = _DERIVATIVE.split(flat)
    shown = [_symbols(pieces[0], flat, names)]
    for top, base, below, rest in zip(pieces[1::4], pieces[2::4], pieces[3::4], pieces[4::4], strict=True):
        bottom = _mathematics(base, below, None).strip("$")
        shown += [rf"$\partial {top}/\partial {bottom}$", _symbols(rest, flat, names)]
    return "".join(shown)


def _symbols(text: str, whole: str, names: Container[str]) -> str:
    """A piece of a text with its symbols set; what is decorated anywhere in the whole is a symbol here too."""
    pieces: list[str] = []
    tokens = list(_SYMBOL.finditer(text))
    # the W beside a W_* is a symbol too
    decorated = {token[1] for token in _SYMBOL.finditer(whole) if token[3] or token[4]} | GREEK.keys()
    end = 0
    for found in tokens:
        base, digits, below, above = found.groups()
        if below and digits:
            continue
        known = base + digits in names or (base in decorated and not digits)
        if not (below or above) and (base + digits in _WORDS or not known):
            continue
        pieces += [_words(text[end : found.start()]), _mathematics(base, f"_{digits}" if digits else below, above)]
        end = found.end()
    return "".join([*pieces, _words(text[end:])])


def _written(text: str) -> str:
    arrows = (_written_plain(piece) for piece in text.split("->"))
    return r"\ensuremath{\to}".join(arrows)


def _words(text: str) -> str:
    """Text between symbols, with the relations and operations that stand in it."""
    pieces = _SIGN.split(text)
    return "".join(
        f"\\ensuremath{{{_SIGNS[piece]}}}" if number % 2 else _written_plain(piece)
        for number, piece in enumerate(pieces)
    )


def _written_plain(text: str) -> str:
    return "".join(map(_escaped, text)).replace("--", "-{}-{}").replace("``", "`{}`{}").replace("''", "'{}'{}")


def _mathematics(base: str, below: str | None, above: str | None) -> str:
    text = f"\\{base}" if base in GREEK else base
    if below:
        inside = _LAYER.sub(r"\\ell", below[1:].strip("{}"))
        word = len(inside) > 1 and inside.isalpha()
        text += rf"_{{\mathit{{{inside}}}}}" if word else f"_{{{inside}}}"
    if above:
        raised = _LAYER.sub(r"\\ell", above[1:])
        text += {"^T": r"^{\top}", "^-T": r"^{-\top}"}.get(above, f"^{{{raised}}}")
    return f"${text}$"


def _escaped(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii():
        return character
    if character in _MATHEMATICAL:
        return f"\\ensuremath{{{_MATHEMATICAL[character]}}}"
    if character in _PUNCTUATION:
        return _PUNCTUATION[character]
    pieces = unicodedata.normalize("NFD", character)
    if len(pieces) == 2 and pieces[0].isascii() and pieces[1] in _ACCENTS:
        return f"\\{_ACCENTS[pieces[1]]}{{{pieces[0]}}}"
    return f"(U+{ord(character):04X})"
