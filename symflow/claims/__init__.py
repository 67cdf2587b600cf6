"""The claims language: its parser, its files, and the running of many claims within bounds."""

from symflow.claims.declarations import Declaration, Scope, parse_declarations, parse_kind, scope
from symflow.claims.files import Claim, ClaimsFile, load, loads
from symflow.claims.statements import parse_expression, parse_statement

__all__ = [
    "Claim", "ClaimsFile", "Declaration", "Scope", "load", "loads", "parse_declarations", "parse_expression",
    "parse_kind", "parse_statement", "scope",
]  # fmt: skip
