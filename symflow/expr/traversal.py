"""Walking a tree from the leaves up, without recursion.

Printers and compilers build the value of a node from the values of its arguments. Doing so with an explicit
stack keeps a product of a thousand factors, which is a thousand levels deep, within Python's recursion limit;
a subtree that occurs several times as the same object is visited once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from symflow.expr.tree import Expr

Value = TypeVar("Value")


def bottom_up(expr: Expr, visit: Callable[[Expr, list[Value]], Value]) -> Value:
    """Return ``visit(node, values of its arguments)`` for the root, every argument before its parent.

    >>> from symflow.expr.tree import Symbol
    >>> from symflow.expr.language import variable
    >>> s = variable(Symbol("s", "scalar"))
    >>> bottom_up(s + s * 2, lambda node, below: 1 + max(below, default=0))  # the depth of the tree
    3
    """
    values: dict[int, Value] = {}
    stack = [(expr, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in values:
            continue
        if ready:
            values[id(node)] = visit(node, [values[id(argument)] for argument in node.args])
        else:
            stack.append((node, True))
            stack.extend((argument, False) for argument in reversed(node.args))
    return values[id(expr)]
