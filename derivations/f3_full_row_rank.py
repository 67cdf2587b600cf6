"""F3.rank. Non-increasing widths with weights of full row rank: truncation maps with the Moore-Penrose inverse.

Source: arXiv:2501.07400 (equal widths there); theory F3.
Hypotheses: the cumulative weight A, M x Q, and the next one W A, N x Q, have full row rank, so that A A^T and
(W A)(W A)^T are invertible; the plus is X^+ = X^T (X X^T)^-1. Q, M, N are any widths; at given widths N <= M <= Q.

A right inverse replaces the inverse: A A^+ = 1, and A^+ A is the orthogonal projector on the row space. F3.rank.step is
the step of the induction over layers: if the hidden state is h = A z + c, that of the next layer is (W A) z' + c' with
z' = tau(z). Its base is h = x. The widths change from layer to layer, therefore it is stated as a claim. In a chamber
tau is affine with linear part P = 1 + A^+ (H - 1) A, idempotent as for square weights, and B2 and B3 stay as they are.
"""

from symflow import Derivation, I, datasum, grad, inv, relu, sqnorm, tr

d = Derivation("Widths that decrease", source="arXiv:2501.07400 (equal widths there); theory F3")
Q, M, N = d.dim("Q"), d.dim("M"), d.dim("N")
A, W = d.matrix("A", M, Q), d.matrix("W", N, M)
c, b, x, z = d.vector("c", M), d.vector("b", N), d.vector("x", Q), d.vector("z", Q)


def plus(X):
    """The Moore-Penrose inverse of a matrix of full row rank."""
    return X.T @ inv(X @ X.T)


def truncate(X, shift, point):
    """The truncation map: move the point by the pull-back of what relu changes."""
    preactivation = X @ point + shift
    return point + plus(X) @ (relu(preactivation) - preactivation)


d.define("T", plus(A))
d.define("tau", truncate(A, c, z))
d.claim("F3.rank.right-inverse", A @ plus(A) == I(M), title="A^+ is a right inverse")
d.claim("F3.rank.projector", plus(A) @ A @ plus(A) @ A == plus(A) @ A, title="A^+ A is idempotent")
d.claim("F3.rank.symmetric", (plus(A) @ A).T == plus(A) @ A, title="and symmetric: the projector on the row space")
d.claim("F3.rank.state", A @ truncate(A, c, z) + c == relu(A @ z + c), title="a(tau(z)) = relu(a(z))")
d.claim(
    "F3.rank.step",
    relu(W @ (A @ z + c) + b) == (W @ A) @ truncate(W @ A, W @ c + b, z) + (W @ c + b),
    title="x^(l+1) = a^(l+1)(z_{l+1}) if x^(l) = a^(l)(z_l)",
)
d.claim(
    "F3.rank.idempotent",
    truncate(A, c, truncate(A, c, z)) == truncate(A, c, z),
    title="truncating twice is truncating once, kinks included",
)

H, G = d.mask("H", M), d.mask("G", M, over="i")
P = d.define("P", I(Q) + plus(A) @ (H - I(M)) @ A)
d.claim("F3.rank.linear-part", P @ P == P, title="P = 1 + A^+ (H - 1) A is idempotent")
d.claim("F3.rank.intertwines", A @ P == H @ A, title="A P = H A, as for square weights")
d.claim("F3.rank.rank", tr(I(Q) - P) == tr(I(M) - H), title="P loses one dimension for each truncated neuron")
beta = d.vector("beta", Q)
d.claim(
    "F3.rank.affine",
    z + plus(A) @ (H - I(M)) @ (A @ (z + beta)) == P @ z - (I(Q) - P) @ beta,
    title="in a chamber tau(z) = P z - (1 - P) beta, with c = A beta",
)

# gradients: K and q of the layers after it, as in B2, the output layer among them for the standard cost; c = A beta
K, w, q, y = d.matrix("K", N, Q, over="i"), d.vector("w", Q, over="i"), *(d.vector(s, N, over="i") for s in ("q", "y"))
S = d.define("P_i", I(Q) + plus(A) @ (G - I(M)) @ A)
z_L = d.define("z_L", K @ (w + plus(A) @ (G - I(M)) @ A @ (w + beta)) + q)
C = d.define("C", datasum(sqnorm(z_L - y) / 2, "i"))
d.claim(
    "F3.rank.gradient", grad(C, beta) == -datasum((I(Q) - S).T @ K.T @ (z_L - y), "i"), title="B2 for decreasing widths"
)
cC = d.define("C_c", datasum(sqnorm(K @ (w + plus(A) @ (G - I(M)) @ (A @ w + c)) + q - y) / 2, "i"))
d.claim(
    "F3.rank.bias",
    grad(cC, c) == -datasum((I(M) - G) @ plus(A).T @ K.T @ (K @ (w + plus(A) @ (G - I(M)) @ (A @ w + c)) + q - y), "i"),
    title="by the cumulative bias itself",
)

# adapted weights: A = D R with orthonormal rows, D positive diagonal
R, D, u = d.matrix("R", M, Q), d.diagonal("D", M, positive=True), d.vector("u", M)
d.assume(R @ R.T == I(M))
d.claim(
    "F3.rank.adapted-inverse", plus(D @ R) == R.T @ inv(D), title="with A = D R and orthonormal rows, A^+ = R^T D^-1"
)
d.claim(
    "F3.rank.adapted",
    z + R.T @ inv(D) @ (relu(D @ R @ (z + beta)) - D @ R @ (z + beta))
    == z + R.T @ (relu(R @ (z + beta)) - R @ (z + beta)),
    title="A4 for decreasing widths: tau is free of D",
)
T = d.define("P_R", I(Q) + R.T @ (H - I(M)) @ R)
d.claim("F3.rank.orthogonal", T.T @ T == T, title="and P is an orthogonal projector")
p, t, v = d.vector("p", Q), d.vector("t", Q), d.scalar("m", positive=True)
one = d.define("C_R", v * sqnorm(T @ p - (I(Q) - T) @ beta - t) / 2)
d.claim("F3.rank.flow", grad(one, beta) == v * (I(Q) - T) @ (beta + t), title="B3 for decreasing widths")
