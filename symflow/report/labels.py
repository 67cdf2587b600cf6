r"""Keys for ``\label``, and displays: what the writers of a document have in common."""

from __future__ import annotations

import re


class Labels:
    r"""Keys for ``\label`` that are safe and unique, whatever the labels of the derivations are."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def key(self, prefix: str, label: str) -> str:
        """A new key."""
        stem = f"{prefix}:{re.sub(r'[^A-Za-z0-9.]+', '-', label)}"
        key, count = stem, 1
        while key in self._taken:
            count += 1
            key = f"{stem}-{count}"
        self._taken.add(key)
        return key


def display(lines: str, *, wide: bool) -> str:
    r"""Lines aligned at their ``&`` as a display; what is ``wide`` is fitted to the line."""
    body = f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"
    return f"\\[\n\\fitted{{{body}}}\n\\]" if wide else f"\\[\n{body}\n\\]"


def listed(items: list[str]) -> str:
    """Such as "a, b and c"."""
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)
