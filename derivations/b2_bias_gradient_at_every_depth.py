"""B2. The gradient by any cumulative bias, for arbitrary invertible cumulative weights, at every depth.

Source: arXiv:2501.07400; theory B1, B2.
Hypotheses: a chamber: the linear parts P of all layers are constant for each data point.

First, by induction over the layers after l: z_L = J v + r with v = z_l, J = P_L ... P_{l+1} and r free of the bias of
layer l. Then, by induction downwards: the renormalised residual p_l = P_{l+1}^T p_{l+1} is J^T p_L. At last the
gradient, for whatever J and r there are.

B2.layer and B2.pulled are what an integrator computes: with v = W^-T p at hand, which B4 and B8 need as well. Data of
mass omega may be given as sqrt(omega) (w, 1): everything is linear in (w, c), where c multiplies the bias.
"""

from symflow import Derivation, I, datasum, grad, inv, sqnorm, zeros

d = Derivation("Cumulative bias gradients at every depth", source="arXiv:2501.07400; theory B2")
Q = d.dim("Q")
zl, top = d.vector("v", Q), d.vector("p_L", Q)

after = d.recursion()
after.parameter("P", d.matrix("P", Q))
after.parameter("beta", d.vector("beta", Q))
after.state("J", d.matrix("J", Q), start=I(Q), following=lambda s: s.P @ s.J)
after.state("r", d.vector("r", Q), start=zeros(Q), following=lambda s: s.P @ s.r - (I(Q) - s.P) @ s.beta)
after.state("z", d.vector("z", Q), start=zl, following=lambda s: s.P @ s.z - (I(Q) - s.P) @ s.beta)
d.induction("B2.affine", after, lambda s: s.z == s.J @ zl + s.r, title="z_L is affine in z_l")

down = d.recursion()
down.parameter("P", d.matrix("P", Q))
down.state("J", d.matrix("J", Q), start=I(Q), following=lambda s: s.J @ s.P)
down.state("p", d.vector("p", Q), start=top, following=lambda s: s.P.T @ s.p)
d.induction("B2.residual", down, lambda s: s.p == s.J.T @ top, title="p_l is J^T p_L")

# one layer of L: its linear part S, the point w that enters it, its bias b; K = J and q = r of the layers after it
S, K = d.idempotent("S", Q, over="i"), d.matrix("K", Q, over="i")
w, q, y, b = d.vector("w", Q, over="i"), d.vector("q", Q, over="i"), d.vector("y", Q, over="i"), d.vector("b", Q)
z_L = d.define("z_L", K @ (S @ w - (I(Q) - S) @ b) + q)
C = d.define("C", datasum(sqnorm(z_L - y) / 2, "i"))
d.claim(
    "B2",
    grad(C, b) == -datasum((I(Q) - S).T @ K.T @ (z_L - y), "i"),
    title="the gradient is minus the average of (1 - P)^T p",
    rests_on=["B2.affine", "B2.residual"],
    confirm=[
        {
            "gradient": "biases", "layer": layer, "depth": depth, "adapted": False,
            "symbols": {
                "S": ("projectors", layer), "K": ("suffixes", layer), "q": ("remainders", layer),
                "w": ("states", layer - 1), "y": "targets", "b": ("biases", layer),
            },
        }
        for depth, layer in ((1, 1), (2, 1), (3, 2))
    ],
)  # fmt: skip

W, H = d.invertible("W", Q), d.mask("H", Q, over="i")
c, v = d.scalar("c", over="i"), d.vector("v_hat", Q, over="i")
z_L = K @ (inv(W) @ H @ W @ (w + c * b) - c * b) + q
d.assume(W.T @ v == K.T @ (z_L - y))
d.claim(
    "B2.layer",
    -grad(datasum(sqnorm(z_L - y) / 2, "i"), b) == W.T @ datasum(c * (v - H @ v), "i"),
    title="minus the gradient, from v = W^-T p",
    rests_on=["B2.affine"],
)

one = Derivation("The residual of one datum", source="arXiv:2501.07400; theory B2")
H, K = one.mask("H", Q), one.matrix("K", Q)
w, q, y, v = (one.vector(name, Q) for name in ("w", "q", "y", "v"))
c = one.scalar("c")
z_L = one.define("z_L", K @ (inv(W) @ H @ W @ (w + c * b) - c * b) + q)
one.assume(W.T @ v == K.T @ (z_L - y))
one.claim(
    "B2.pulled",
    grad(sqnorm(z_L - y) / 2, w) == W.T @ (H @ v),
    title="the residual before the layer, from v = W^-T p after it",
)
