"""G2. The flow of a general cumulative weight: what it conserves, how it turns, and that it does not stay adapted.

Source: the theory's open questions, what is conserved; B8, beyond arXiv:2501.07400.
Hypotheses: as in B8: a chamber (H_i arbitrary masks); W = W^(l) invertible, at fixed beta; the layers after l make
z_L = K z_l + q. W moves by -dC/dW; the cumulative biases may move too, and by whatever flow.

B8.rows is the case S = e e^T of G2.balance: tr(S W W^T) is conserved for every S that commutes with all masks of the
layer. So the inner product of two rows of W is conserved if their neurons have the same pattern on all data points, and
the directions of the group that commutes with the masks are never taken (G2.horizontal, for rotations).

Z = W' W^-1 has an antisymmetric part, by which W turns; with W orthogonal it is Omega of B4 (G2.turn, where p^ = W p is
W^-T p_l). Its symmetric part (G2.stretch) is what moves W W^T, and it is not diagonal: adapted weights do not stay
adapted under this flow, unless the commutators cancel; B4 keeps them adapted by moving R only. Refuted, with the
counterexample that the checker found (and tests/property/test_what_layers_conserve.py asks for again):

- W W^T = 1 stays so, for one layer and one point: Q = 2, W = 1, H = e2 e2^T, w = 0, beta = e1, y = e2;
- G2.balance for any symmetric S: Q = 2, S the exchange of the coordinates, W = [[1, 1], [0, 1]], H = e1 e1^T, w = 0,
  beta = e2, y = 0.
"""

from symflow import Derivation, along, comm, datasum, dot, grad, inv, outer, skew, sqnorm, tr

SOURCE = "open questions of the theory; beyond arXiv:2501.07400"
d = Derivation("Turning and stretching of general weights", source=SOURCE)
Q = d.dim("Q")
W, H, K = d.invertible("W", Q), d.mask("H", Q, over="i"), d.matrix("K", Q, over="i")
w, q, y, beta = (*(d.vector(name, Q, over="i") for name in ("w", "q", "y")), d.vector("beta", Q))
z_L = d.define("z_L", K @ (inv(W) @ H @ W @ (w + beta) - beta) + q)
C = d.define("C", datasum(sqnorm(z_L - y) / 2, "i"))
a = d.define("a", W @ (w + beta))
p = d.define("p", inv(W).T @ K.T @ (z_L - y))
velocity = -grad(C, W)
d.claim("G2.generator", velocity @ W.T == -datasum(comm(outer(a, p), H).T, "i"), title="W' W^T is a commutator")
d.claim(
    "G2.turn",
    skew(velocity @ W.T) == datasum(comm(outer(a, p) + outer(p, a), H), "i") / 2,
    title="its antisymmetric part is Omega of B4",
)
d.claim(
    "G2.stretch",
    along(W @ W.T, {W: velocity}) == -datasum(comm(outer(a, p) - outer(p, a), H), "i"),
    title="its symmetric part moves W W^T",
)

e = Derivation("What a general weight conserves", source=SOURCE)
S, u, v = e.matrix("S", Q), e.vector("u", Q, over="i"), e.vector("v", Q, over="i")
e.assume(S @ H == H @ S)
gradient = datasum(comm(outer(a, p), H).T, "i") @ inv(W).T  # B8
e.claim("G2.balance", tr(S @ gradient @ W.T) == 0, title="tr(S W W^T) is conserved, with the gradient of B8")
e.claim(
    "G2.horizontal",
    dot(datasum(comm(outer(u, v) + outer(v, u), H), "i"), S) == 0,
    title="a rotation never turns in a direction that commutes with the masks",
)
