"""A5. With adapted weights the truncation map is the metric projection onto the cone -beta + R^T R_+^Q.

Source: arXiv:2501.07400 (geometry of the truncation map); theory A5.
Hypotheses: R orthogonal; kinks included. Points of the cone are -beta + R^T relu(u), those of the backward cone -beta
- R^T relu(u).

A5.variational, <x - tau(x), w - tau(x)> <= 0 for every w in the cone, characterises the metric projection; A5.nearest
says the same in distances. The signs come from relu, which is nonnegative entry by entry.
"""

from symflow import Derivation, dot, relu, sqnorm

d = Derivation("The truncation map is a metric projection", source="arXiv:2501.07400; theory A5")
Q = d.dim("Q")
R = d.orthogonal("R", Q)
x, y, u, beta = d.vector("x", Q), d.vector("y", Q), d.vector("u", Q), d.vector("beta", Q)


def tau(point):
    """The truncation map of adapted weights."""
    return R.T @ relu(R @ (point + beta)) - beta


d.define("tau_x", tau(x))
d.define("tau_y", tau(y))
w = d.define("w", R.T @ relu(u) - beta)
d.claim("A5.cone", tau(w) == w, title="tau fixes the cone")
d.claim("A5.backward", tau(-beta - R.T @ relu(u)) == -beta, title="tau sends the backward cone to the apex")
d.claim(
    "A5.variational",
    dot(x - tau(x), w - tau(x)) <= 0,
    by=dot(relu(-(R @ (x + beta))), relu(u)),
    title="the variational inequality of the projection",
)
d.claim(
    "A5.nearest",
    sqnorm(x - tau(x)) <= sqnorm(x - w),
    by=sqnorm(w - tau(x)) + 2 * dot(relu(-(R @ (x + beta))), relu(u)),
    title="no point of the cone is nearer",
)
crossed = dot(relu(R @ (x + beta)), relu(-(R @ (y + beta)))) + dot(relu(R @ (y + beta)), relu(-(R @ (x + beta))))
d.claim(
    "A5.firm",
    sqnorm(tau(x) - tau(y)) <= dot(tau(x) - tau(y), x - y),
    by=crossed,
    title="firmly non-expansive",
)
d.claim(
    "A5.lipschitz",
    sqnorm(tau(x) - tau(y)) <= sqnorm(x - y),
    by=sqnorm((x - tau(x)) - (y - tau(y))) + 2 * crossed,
    title="1-Lipschitz",
)
