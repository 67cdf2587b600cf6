"""``symflow prove`` and ``symflow grad``: one-liners in the claims language."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable

from symflow.claims.declarations import Declaration, Scope, parse_declarations, scope
from symflow.claims.files import Claim
from symflow.claims.outcomes import Decide
from symflow.claims.running import run_claims
from symflow.claims.statements import parse_expression, parse_statement
from symflow.cli.statuses import MALFORMED, PROVED, status_of
from symflow.errors import ClaimError, SymflowError
from symflow.expr.language import grad as gradient_of
from symflow.expr.language import variable
from symflow.expr.tree import Expr
from symflow.report.cleaning import one_line, visible
from symflow.report.machine import to_json
from symflow.report.plain import remarks
from symflow.report.rows import Row, summary

_WINDOW = 100  # characters of a faulty text that are shown around the fault


def prove(options: Namespace, decide: Decide | None = None) -> int:
    """Decide one statement, print the verdict, and return the exit status."""
    try:
        symbols = _declared(options.let)
        equation = parse_statement(options.statement, symbols)
    except ClaimError as error:
        if not options.json:
            return _complain("prove", options.statement, error)
        row = Row(file="", id="statement", verdict="error", statement=options.statement, detail=str(error))
    else:
        claim = Claim("statement", "", "", options.statement, equation, None, symbols)
        (outcome,) = run_claims([claim], decide=decide, seconds=options.timeout)
        row = Row.of("", outcome)
    if options.json:
        print(to_json([row]))
    else:
        _print_verdict(row)
    return status_of(summary([row]))


def _print_verdict(row: Row) -> None:
    print(f"{row.verdict} in {row.seconds:.4f} s")
    if row.verdict == "proved":
        print("    " + one_line(row.detail))
    for line in remarks(row):
        print("    " + line)
    if row.pasteable:
        print("# a counterexample")
        print(visible(row.pasteable.rstrip("\n")))


def grad(options: Namespace) -> int:
    """Print the simplified gradient of a scalar expression, and return the exit status."""
    try:
        symbols = _declared(options.let)
        expression = parse_expression(options.expression, symbols)
        symbol = _variable(options.wrt, symbols)
        gradient_of(expression, symbol)  # checks that the expression is a scalar
    except ClaimError as error:
        return _complain("grad", options.expression, error)
    from symflow.proof.simplifying import simplified_gradient

    print(_printer(options.form)(simplified_gradient(expression, symbol)))
    return PROVED


def _declared(let: Iterable[str]) -> Scope:
    found: dict[str, Declaration] = {}
    for text in let:
        for name, entry in parse_declarations(text).items():
            if name in found:
                raise ClaimError(f"--let: {name} is declared twice")
            found[name] = entry
    return scope(found)


def _variable(name: str, symbols: Scope) -> Expr:
    entry = symbols.declared.get(name)
    if entry is None or entry.symbol is None:
        known = ", ".join(name for name, entry in symbols.declared.items() if entry.symbol is not None)
        raise ClaimError(f"--wrt {name}: no such symbol; declared are {known or 'none, use --let'}")
    try:
        return variable(entry.symbol)
    except SymflowError as error:
        raise ClaimError(f"--wrt {name}: {error}") from None


def _printer(form: str) -> Callable[[Expr], str]:
    if form == "latex":
        from symflow.expr.latex import to_latex

        return to_latex
    if form == "numpy":
        from symflow.expr.numpy_code import to_numpy

        return lambda expression: f"import numpy as np\n\n\n{to_numpy(expression)}"
    if form == "claims":
        from symflow.expr.printing import to_claims

        return to_claims
    from symflow.expr.terminal import to_unicode

    return to_unicode


def _complain(command: str, text: str, error: ClaimError) -> int:
    """Say what is wrong, with a mark under the place where the text goes wrong."""
    print(f"symflow {command}: {one_line(str(error))}", file=sys.stderr)
    if error.position is not None:
        place = error.position - 1
        start = max(0, place - _WINDOW // 2)
        # Character by character, because an escape that is shown for one would shift the mark.
        window = ("".join(c if c.isprintable() else " " for c in text[start : start + _WINDOW])).rstrip()
        print(f"  {window}\n  {' ' * (place - start)}^", file=sys.stderr)
    return MALFORMED
