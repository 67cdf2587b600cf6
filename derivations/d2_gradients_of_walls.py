"""D2. The gradient of a wall: of one preactivation, by the bias and the weight of its own layer.

Source: arXiv:2501.07400 (general truncations); theory D2, B2, B4, B8.
Hypotheses: a chamber: the masks of the datum are constant below the wall. Everything is linear in the state w before
the layer and in c, which multiplies the biases: a datum itself has c = 1.

The wall is e . u = 0, with u = W (w + c beta) the preactivation and e a unit vector. What it adds to layers below is
no new statement: where the gradient by the state z that a layer leaves behind is p, the wall has there the gradient of
the cost |z - y|^2 / 2 of one datum whose residual z - y is p. B2.layer, B4.layer and B8.layer are minus that gradient,
and B2.pulled is the next p; the first is D2.wall-pulled.
"""

from symflow import Derivation, dot, grad, inv, liegrad, outer, skew

SOURCE = "arXiv:2501.07400; theory D2"

d = Derivation("Gradients of a wall by its own layer", source=SOURCE)
Q = d.dim("Q")
W, R = d.invertible("W", Q), d.orthogonal("R", Q)
e, w, u, beta, c = *(d.vector(name, Q) for name in ("e", "w", "u", "beta")), d.scalar("c")
wall = d.define("phi", dot(e, W @ (w + c * beta)))
d.claim("D2.wall-bias", grad(wall, beta) == c * (W.T @ e), title="by the bias")
d.claim("D2.wall-pulled", grad(wall, w) == W.T @ e, title="by the state before the layer")
d.assume(w == inv(W) @ u - c * beta)
d.claim("D2.wall-weight", grad(wall, W) == outer(e, u) @ inv(W).T, title="by the weight, from u")

turning = Derivation("Gradients of a wall by its own rotation", source=SOURCE)
turning.assume(u == R @ (w + c * beta))
turned = turning.define("phi", dot(e, R @ (w + c * beta)))
turning.claim("D2.wall-turn", liegrad(turned, R) == skew(outer(e, u)), title="by the rotation, from u")
