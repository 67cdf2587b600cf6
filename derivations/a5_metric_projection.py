"""A5. With adapted weights the truncation map is the metric projection onto the cone -beta + R^T R_+^Q.

Source: arXiv:2501.07400 (geometry of the truncation map); theory A5.
Hypotheses: R orthogonal; kinks included. Points of the cone are -beta + R^T relu(u), those of the backward cone -beta
- R^T relu(u).

The inequalities are identities whose right sides have a sign because relu is nonnegative entry by entry:
A5.variational says <x - tau(x), w - tau(x)> <= 0 for every w in the cone, which characterises the metric projection;
A5.firm says
|tau(x) - tau(y)|^2 <= <tau(x) - tau(y), x - y>, hence tau is 1-Lipschitz.
"""

from symflow import Derivation, dot, relu, sqnorm

d = Derivation("The truncation map is a metric projection", source="arXiv:2501.07400; theory A5")
Q = d.dim("Q")
R = d.orthogonal("R", Q)
x, y, u, beta = d.vector("x", Q), d.vector("y", Q), d.vector("u", Q), d.vector("beta", Q)


def tau(point):
    """The truncation map of adapted weights."""
    return R.T @ relu(R @ (point + beta)) - beta


w = d.define("w", R.T @ relu(u) - beta)
d.claim("A5.cone", tau(w) == w, title="tau fixes the cone")
d.claim("A5.backward", tau(-beta - R.T @ relu(u)) == -beta, title="tau sends the backward cone to the apex")
d.claim(
    "A5.variational",
    dot(x - tau(x), w - tau(x)) == -dot(relu(-(R @ (x + beta))), relu(u)),
    title="the variational inequality of the projection: the right side is <= 0",
)
d.claim(
    "A5.firm",
    dot(tau(x) - tau(y), x - y) - sqnorm(tau(x) - tau(y))
    == dot(relu(R @ (x + beta)), relu(-(R @ (y + beta)))) + dot(relu(R @ (y + beta)), relu(-(R @ (x + beta)))),
    title="firmly non-expansive: the right side is >= 0",
)
