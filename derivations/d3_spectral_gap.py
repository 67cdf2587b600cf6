"""D3. Inside a chamber a spectral gap makes the cost decay exponentially to its infimum.

Source: theory D3.
Hypotheses: the flow of theory D1 in a chamber: theta' = -A (theta - c) with A = <J^T J> symmetric, C = C_min + e^T A e
/ 2, e = theta - c. The gap: A has no eigenvalue strictly between 0 and lambda > 0, which is to say that A^2 - lambda A
is positive semidefinite, being N^T N for some N.

Gronwall's inequality is D3.gronwall: where q' <= -k q, the quantity exp(k s) q does not increase, hence q(s) <= q(0)
exp(-k s). D3.decay is that statement for C - C_min with k = 2 lambda.
"""

from symflow import Derivation, along, exp

d = Derivation("The spectral gap of a chamber", source="theory D3")
n = d.dim("n")

s, q, k, r = (d.scalar(name) for name in ("s", "q", "k", "r"))
d.claim(
    "D3.gronwall",
    along(exp(k * s) * q, {s: 1, q: -k * q - r**2}) <= 0,
    by=exp(k * s) * r**2,
    title="a quantity with q' = -k q - r^2 decays at the rate k",
)

A, e, rate = d.symmetric("A", n), d.vector("e", n), d.scalar("lambda", positive=True)
excess = d.define("C_excess", e.T @ A @ e / 2)
d.claim("D3.dissipation", along(excess, {e: -A @ e}) == -(A @ e).T @ (A @ e), title="the cost falls by |A e|^2")
N = d.semidefinite(A @ A - rate * A, root="N")
d.claim(
    "D3",
    along(excess, {e: -A @ e}) <= -2 * rate * excess,
    by=(N @ e).T @ (N @ e),
    title="the excess of the cost decays at twice the gap",
)
d.claim(
    "D3.decay",
    along(exp(2 * rate * s) * excess, {s: 1, e: -A @ e}) <= 0,
    by=exp(2 * rate * s) * ((N @ e).T @ (N @ e)),
    title="exp(2 lambda s) (C - C_min) does not increase",
)
