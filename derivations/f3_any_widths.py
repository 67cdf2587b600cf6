"""F3.any. Any widths: every feed-forward network is one of equal width whose weights have determinant 1.

Source: arXiv:2501.07400 (equal widths there); theory F3.
Hypotheses: none on the ranks or widths of the weights.

The states are put in blocks of R^Q, Q = M_0 + ... + M_L. Block l is a set of coordinates, told by a mask: B for the
blocks that are still blank, F = 1 - B for those that are written, G0 = F M0 for the last one of these, G = B M1 for the
next (M0, M1 any masks). A weight enters as G W G0, W any Q x Q matrix of which only this block counts, and the layer of
equal width is u -> relu(V u + G b), V = 1 + G W G0. F3.any.written, F3.any.pre-activation and F3.any.state
are the step of an
induction over layers: if u = F v is zero outside of F, and G0 u is the hidden state of the narrow network, then u' is
zero outside of F + G, and G u' is the next hidden state. At the base u = x is in block 0, and F = G0. relu acts on all
of R^Q, kinks included; what it does to blocks written before does not matter. So A2, and all that follows from it for
invertible weights, holds for every feed-forward network.

Then the cumulative weights: by induction, each has an inverse that is a product as well, for any B and W in each layer.

The last part has the same with injections E0, E1 of R^M and R^N into R^Q as two blocks and a rectangular weight w, N x
M: E0^T E1 = 0, E1^T E1 = 1. Here the activation is a mask K of R^Q in a chamber, k its block: E1^T K = k
E1^T. A cumulative weight T has the determinant of the one before it, and the first one has determinant 1.
"""

from symflow import Derivation, I, det, relu, zeros

SOURCE = "arXiv:2501.07400 (equal widths there); theory F3"
d = Derivation("Any widths, in blocks of one space", source=SOURCE)
Q = d.dim("Q")
B, M1, M0 = d.mask("B", Q), d.mask("M1", Q), d.mask("M0", Q)
W, b, v, p = d.matrix("W", Q), *(d.vector(name, Q) for name in ("b", "v", "p"))
F = d.define("F", I(Q) - B)
G = d.define("G", B @ M1)
G0 = d.define("G0", F @ M0)
u = d.define("u", F @ v)
V = d.define("V", I(Q) + G @ W @ G0)
following = d.define("u_next", relu(V @ u + G @ b))

d.claim("F3.any.blocks", G @ G0 == zeros(Q, Q), title="the blocks of two neighbouring layers are apart")
d.claim("F3.any.inverse", V @ (I(Q) - G @ W @ G0) == I(Q), title="the weight is unipotent, with inverse 1 - G W G0")
d.claim("F3.any.inverse-left", (I(Q) - G @ W @ G0) @ V == I(Q), title="on both sides")
d.claim("F3.any.mask", (F + G) @ (F + G) == F + G, title="the written blocks are a mask again")
d.claim("F3.any.next", G @ (F + G) == G, title="and contain the block of the layer")
d.claim("F3.any.written", (F + G) @ following == following, title="nothing is written outside")
d.claim(
    "F3.any.pre-activation",
    G @ (V @ u + G @ b) == G @ W @ G0 @ u + G @ b,
    title="block l before the activation, and of the output layer",
)
d.claim("F3.any.state", G @ relu(p) == relu(G @ p), title="and after it, for p = V u + G b: block l is x^(l)")

deep = Derivation("Products of unipotent weights", source=SOURCE)
layers = deep.recursion()
layers.parameter("B", deep.mask("B", Q))
layers.parameter("W", deep.matrix("W", Q))
layers.state("A", deep.matrix("A", Q), start=I(Q), following=lambda s: (I(Q) + s.B @ s.W @ (I(Q) - s.B)) @ s.A)
layers.state("V", deep.matrix("V", Q), start=I(Q), following=lambda s: s.V @ (I(Q) - s.B @ s.W @ (I(Q) - s.B)))
deep.induction(
    "F3.any.product", layers, lambda s: s.V @ s.A == I(Q), title="every cumulative weight has its inverse"
)
Z, T0 = deep.matrix("Z", Q), deep.matrix("T0", Q)
deep.claim("F3.any.multiplicative", det(Z @ T0) == det(Z) * det(T0), title="determinants are multiplicative")

e = Derivation("Injections of the layers", source=SOURCE)
M, N = e.dim("M"), e.dim("N")
E0, E1, w, T = e.matrix("E0", Q, M), e.matrix("E1", Q, N), e.matrix("w", N, M), e.matrix("T", Q)
a, s = e.vector("a", N), e.vector("s", Q)
e.assume(E0.T @ E1 == zeros(M, N))
U = e.define("U", I(Q) + E1 @ w @ E0.T)
e.claim("F3.embedded.inverse", U @ (I(Q) - E1 @ w @ E0.T) == I(Q), title="the inverse for a rectangular weight")
e.claim("F3.embedded.determinant", det(U) == 1, title="its determinant is 1")
e.lemma("F3.any.multiplicative", of=deep, values={Z: U, T0: T})
e.claim("F3.any.volume", det(U @ T) == det(T), title="so every cumulative weight has determinant 1")

i = Derivation("States under injections of the layers", source=SOURCE)
i.assume(E0.T @ E1 == zeros(M, N))
i.assume(E1.T @ E1 == I(N))
i.claim(
    "F3.embedded.pre-activation",
    E1.T @ (U @ s + E1 @ a) == E1.T @ s + w @ E0.T @ s + a,
    title="block l before the activation; E1^T s = 0 before it is written",
)
K, k = i.projector("K", Q), i.projector("k", N)
i.assume(E1.T @ K == k @ E1.T)
i.claim(
    "F3.embedded.state",
    E1.T @ K @ (U @ (s - E1 @ E1.T @ s) + E1 @ a) == k @ (w @ E0.T @ s + a),
    title="and after the activation, where block l was zero",
)
