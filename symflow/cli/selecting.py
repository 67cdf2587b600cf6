"""``-k SELECT``: which claims to check, by words of their id and title joined with ``and``, ``or``, ``not``."""

from __future__ import annotations

import re
from collections.abc import Callable

from symflow.errors import ClaimError

Selection = Callable[[str], bool]

_WORD = re.compile(r"[()]|[^\s()]+")
_DEEPEST = 50
_LONGEST = 2000


def selection(text: str) -> Selection:
    """A predicate on the text "id title", without regard to case.

    Neighbouring words make one phrase. ``not`` binds tighter than ``and``, that tighter than ``or``.

    Raises:
        ClaimError: the expression is not well formed.

    >>> wanted = selection("bias and not (wall or kink)")
    >>> wanted("B3 Bias gradient"), wanted("bias at a kink")
    (True, False)
    """
    if len(text) > _LONGEST:
        raise ClaimError(f"-k: {len(text)} characters; the bound is {_LONGEST}")
    words = _WORD.findall(text)
    if not words:
        raise ClaimError("-k: nothing to select by; give a part of an id or title")
    parser = _Parser(words)
    chosen = parser.either(0)
    if parser.words:
        raise ClaimError(f"-k: {parser.words[0]!r} is left over in {text!r}; join words with and, or, not")
    return lambda subject: chosen(subject.casefold())


class _Parser:
    def __init__(self, words: list[str]) -> None:
        self.words = words

    def either(self, depth: int) -> Selection:
        options = [self.both(depth)]
        while self.take("or"):
            options.append(self.both(depth))
        return lambda subject: any(option(subject) for option in options)

    def both(self, depth: int) -> Selection:
        needed = [self.single(depth)]
        while self.take("and"):
            needed.append(self.single(depth))
        return lambda subject: all(need(subject) for need in needed)

    def single(self, depth: int) -> Selection:
        if depth > _DEEPEST:
            raise ClaimError(f"-k: nested more than {_DEEPEST} levels deep")
        if self.take("not"):
            refused = self.single(depth + 1)
            return lambda subject: not refused(subject)
        if self.take("("):
            inside = self.either(depth + 1)
            if not self.take(")"):
                raise ClaimError("-k: a parenthesis is never closed")
            return inside
        phrase = []
        while self.words and self.words[0] not in ("and", "or", "not", "(", ")"):
            phrase.append(self.words.pop(0).casefold())
        if not phrase:
            found = repr(self.words[0]) if self.words else "the end"
            raise ClaimError(f"-k: a word is missing before {found}")
        wanted = " ".join(phrase)
        return lambda subject: wanted in subject

    def take(self, word: str) -> bool:
        if self.words and self.words[0] == word:
            del self.words[0]
            return True
        return False
