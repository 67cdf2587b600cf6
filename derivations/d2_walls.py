"""D2. At a wall the cost is continuous and its gradient jumps along the wall's normal; trajectories cross, or slide.

Source: arXiv:2501.07400 (general truncations); theory D2.
Hypotheses: one data point, of weight m, is at a wall of any layer of any network: component e of its preactivation is
zero. e is a unit vector outside of the mask H, and H + e e^T is the mask on the other side. theta are all parameters
that move, here the stacked biases, of which preactivations are affine functions in a chamber (D1.affine); for weights
J is the Jacobian and the statements are of first order. The layers after this one make z_L = K h + M theta + r, on
both sides, because h = x^(l) is the same on both. The wall is phi = e . (J theta + c) = 0, its normal n = J^T e is the
gradient of phi. The points that are not at the wall contribute the same smooth function to both sides.

What follows from it, for a flow that is f on the side phi < 0 and f + mu n on the side phi > 0, as D2.jump says it is:
where n.f > 0 > n.(f + mu n) both sides push towards the wall, and the trajectory slides on it, with Filippov's field
g = lam (f + mu n) + (1 - lam) f, lam chosen so that g is tangent; g is the shortest element of the segment between
the two fields, that is, of the Clarke subdifferential. Where both have one sign the trajectory crosses. Where
n.f < 0 < n.(f + mu n) it may leave on either side, and D2.rate says that mu is positive there: a concave kink.
D2.bias is the case of one adapted layer: a wall can attract (mu < 0) only where the target is below the point in the
direction of the wall. The unit vector there is k, the point on its own does not push above the wall, and what the other
points of the sum do decides between crossing and sliding.
"""

from symflow import Derivation, diff, dot, grad, outer, sqnorm, zeros

SOURCE = "arXiv:2501.07400; theory D2"
d = Derivation("The gradient jumps along the normal of a wall", source=SOURCE)
Q, D = d.dim("Q"), d.dim("D")
theta, m = d.vector("theta", D), d.scalar("m", positive=True)
J, c, e = d.matrix("J", Q, D), d.vector("c", Q), d.vector("e", Q)
H, K, M, r = d.mask("H", Q), d.matrix("K", Q), d.matrix("M", Q, D), d.vector("r", Q)

phi = d.define("phi", e.T @ (J @ theta + c))
n = d.define("n", J.T @ e)


def residual(mask):
    """The residual z_L - target of the point, with one of the two masks."""
    return K @ mask @ (J @ theta + c) + M @ theta + r


def cost(mask):
    """The part of the cost that the point contributes."""
    return m * sqnorm(residual(mask)) / 2


below, above = d.define("H_below", H), d.define("H_above", H + outer(e, e))
d.claim("D2.normal", grad(phi, theta) == n, title="the normal of the wall")
d.claim(
    "D2.state",
    above @ (J @ theta + c) - below @ (J @ theta + c) == phi * e,
    title="the two states differ by phi e, and not at all on the wall",
)
d.assume(phi == 0)
d.claim("D2.continuous", cost(above) == cost(below), title="the cost is continuous")
d.claim(
    "D2.jump",
    grad(cost(above), theta) - grad(cost(below), theta) == m * (e.T @ K.T @ residual(below)) * n,
    title="the gradient jumps along the normal",
)
d.claim(
    "D2.tangential",
    dot(n, n) * (grad(cost(above), theta) - grad(cost(below), theta))
    == dot(n, grad(cost(above), theta) - grad(cost(below), theta)) * n,
    title="its part along the wall does not jump",
)

one = Derivation("Walls of one adapted layer", source=SOURCE)
R, G, k = one.orthogonal("R", Q), one.mask("G", Q), one.vector("k", Q)
x, y, beta, weight = one.vector("x", Q), one.vector("y", Q), one.vector("beta", Q), one.scalar("m", positive=True)
one.assume(k.T @ k == 1)
one.assume(G @ k == zeros(Q))
one.assume(k.T @ R @ (x + beta) == 0)


def layer_cost(mask):
    """The cost of one point under one adapted layer."""
    return weight * sqnorm(R.T @ mask @ R @ (x + beta) - beta - y) / 2


one.claim(
    "D2.bias",
    grad(layer_cost(G + outer(k, k)), beta) - grad(layer_cost(G), beta) == weight * (k.T @ R @ (x - y)) * R.T @ k,
    title="of the bias flow: mu = m k.R(y - x), negative where the target is below the point",
)
one.claim(
    "D2.frozen",
    k.T @ R @ grad(layer_cost(G + outer(k, k)), beta) == 0,
    title="above the wall the point does not push in the direction of the wall",
)
one.claim(
    "D2.push",
    -k.T @ R @ grad(layer_cost(G), beta) == weight * (k.T @ R @ (x - y)),
    title="below it, it pushes towards the wall exactly where the target is below the point",
)

s = Derivation("Crossing and sliding", source=SOURCE)
f, normal, mu, tau = s.vector("f", D), s.vector("n", D), s.scalar("mu"), s.scalar("tau")
other = s.define("f_above", f + mu * normal)
lam = s.define("lam", dot(normal, f) / (dot(normal, f) - dot(normal, other)))
slide = s.define("g", lam * other + (1 - lam) * f)
s.claim(
    "D2.rate", dot(normal, other) - dot(normal, f) == mu * sqnorm(normal), title="the rates of phi on the two sides"
)
s.claim("D2.tangent", dot(normal, slide) == 0, title="the sliding field is tangent to the wall")
s.claim(
    "D2.projection",
    slide == f - (dot(normal, f) / sqnorm(normal)) * normal,
    title="it is the tangential part of the field below",
)
s.claim(
    "D2.projection-above",
    slide == other - (dot(normal, other) / sqnorm(normal)) * normal,
    title="and of the field above",
)
# the cost's gradient is -f below and -other above; on the wall both give the same derivative along the slide
s.claim("D2.descent", dot(-f, slide) == -sqnorm(slide), title="the cost decreases along the slide, seen from below")
s.claim("D2.descent-above", dot(-other, slide) == -sqnorm(slide), title="and seen from above")
s.claim(
    "D2.least",
    sqnorm(tau * other + (1 - tau) * f) == sqnorm(slide) + (tau - lam) ** 2 * mu**2 * sqnorm(normal),
    title="the sliding field is the shortest element of the subdifferential",
)
s.claim(
    "D2.crossing",
    sqnorm(other) - sqnorm(f) == mu * dot(normal, f + other),
    title="what crossing does to the rate of descent",
)

# phi grows at the rate n.f: along a straight piece of trajectory in one chamber
t, p0, offset = s.scalar("t"), s.vector("p0", D), s.scalar("c")
s.claim(
    "D2.approach",
    diff(dot(normal, p0 + t * f) + offset, t, 1) == dot(normal, f),
    title="phi grows at the rate n.f on the side of f",
)
