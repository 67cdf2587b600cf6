"""B10. Backpropagation in the original network, carried over by A6, is the gradient by the cumulative bias, at every
depth.

Source: arXiv:2501.07400; theory B10, with A6.
Hypotheses: a chamber; all weights invertible. delta is dC/db_l of the layered network: delta_l = H_l W_{l+1}^T
delta_{l+1}.

By induction downwards from layer L: delta = H A^-T p, where A is the cumulative weight, H the mask of the layer, and
p the renormalised residual p_{l-1} = P_l^T p_l. Then dC/dbeta_l = A^T (dC/db_l - W_{l+1}^T dC/db_{l+1}) is B2.

B10.weight and B10.layer-bias: backpropagation itself, any widths. The layers after W, b make the output J a + r of its
preactivation a (G1.affine), x enters it, and delta = J^T (output - y).
"""

from symflow import Derivation, I, datasum, grad, inv, outer, sqnorm

d = Derivation("The gradient in the original parameters", source="arXiv:2501.07400; theory B10")
Q = d.dim("Q")
AL, HL, pL = d.invertible("A_L", Q), d.mask("H_L", Q), d.vector("p_L", Q)

down = d.recursion()
down.parameter("W", d.invertible("W", Q))
down.parameter("M", d.mask("M", Q))
down.state("H", d.mask("H", Q), start=HL, following=lambda s: s.M)
down.state("A", d.invertible("A", Q), start=AL, following=lambda s: inv(s.W) @ s.A)
down.state("p", d.vector("p", Q), start=pL, following=lambda s: (inv(s.A) @ s.H @ s.A).T @ s.p)
down.state(
    "delta",
    d.vector("delta", Q),
    start=HL @ inv(AL).T @ pL,
    following=lambda s: s.M @ s.W.T @ s.delta,
)
d.induction(
    "B10", down, lambda s: s.delta == s.H @ inv(s.A).T @ s.p, title="delta_l = H_l A_l^-T p_l",
    confirm=[
        {
            "gradient": "layer biases", "layer": layer, "depth": depth, "adapted": False,
            "symbols": {"H": ("patterns", layer), "A": ("weights", layer), "p": ("residuals", layer)},
        }
        for depth, layer in ((1, 1), (2, 1), (3, 2))
    ],
)  # fmt: skip

# layer l with its cumulative weight A and mask H, the weight V of layer l + 1, whose mask is G and whose residual is r
V, G, r = d.invertible("V", Q), d.mask("G", Q), d.vector("r", Q)
A, H = d.invertible("A", Q), d.mask("H", Q)
p = d.define("p_l", (inv(V @ A) @ G @ V @ A).T @ r)
d.claim(
    "B10.bias",
    A.T @ (H @ inv(A).T @ p - V.T @ G @ inv(V @ A).T @ r) == -(I(Q) - inv(A) @ H @ A).T @ p,
    title="A6 applied to backpropagation is B2",
    rests_on=["B10", "b2_bias_gradient_at_every_depth.py:B2"],
    confirm=[
        {
            "gradient": "biases", "layer": layer, "depth": depth, "adapted": False,
            "symbols": {
                "A": ("weights", layer), "H": ("patterns", layer), "V": ("layer weights", layer + 1),
                "G": ("patterns", layer + 1), "r": ("residuals", layer + 1),
            },
        }
        for depth, layer in ((1, 1), (2, 1), (3, 2))
    ],
)  # fmt: skip

back = Derivation("Backpropagation", source="theory A6")
M, N, L = back.dim("M"), back.dim("N"), back.dim("L")
W, b = back.matrix("W", N, M), back.vector("b", N)
x, J = back.vector("x", M, over="i"), back.matrix("J", L, N, over="i")
r, y, delta = back.vector("r", L, over="i"), back.vector("y", L, over="i"), back.vector("delta", N, over="i")
C = back.define("C", datasum(sqnorm(J @ (W @ x + b) + r - y) / 2, "i"))
back.assume(delta == J.T @ (J @ (W @ x + b) + r - y))
rests_on = ["g1_balanced_layers.py:G1.affine"]
back.claim("B10.weight", grad(C, W) == datasum(outer(delta, x), "i"), title="by the weight", rests_on=rests_on)
back.claim("B10.layer-bias", grad(C, b) == datasum(delta, "i"), title="by the bias", rests_on=rests_on)
