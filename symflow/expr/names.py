"""How a name that can be typed is read by a mathematician: ``beta`` is a Greek letter, ``W1`` has a subscript."""

from __future__ import annotations

import re

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω",
}  # fmt: skip


def split_name(name: str) -> tuple[str, list[str]]:
    """Split a name into its base and its subscripts.

    ``lambda`` cannot be a name in Python, so ``lam``, ``lambd`` and ``lambda_`` stand for it.

    >>> split_name("W1"), split_name("z_star"), split_name("W12_a"), split_name("lam0")
    (('W', ['1']), ('z', ['star']), ('W', ['12', 'a']), ('lambda', ['0']))
    """
    head, *subscripts = [part for part in name.split("_") if part] or [name]
    match = re.fullmatch(r"(.*?\D)(\d+)", head)
    if match:
        head, subscripts = match[1], [match[2], *subscripts]
    return ("lambda" if head in ("lam", "lambd") else head), subscripts
