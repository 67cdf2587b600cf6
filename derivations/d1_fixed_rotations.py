"""D1. With fixed weights the flow of all cumulative biases is linear in a chamber, at every depth, and solved in
closed form.

Source: arXiv:2501.07400 (general truncations); theory D1.
Hypotheses: a chamber: the linear parts P of all layers are constant for each data point. The weights need not be
adapted.

All biases are stacked in one vector theta, and S picks out that of a layer, beta_l = S_l theta. By induction over the
layers z_l = J_l theta + c_l, where J and c are free of theta. With the output layer, whose bias moves the target, the
residual is again J theta + c, for each data point, and the cost is its mean square. D1.normal says what an equilibrium
is; there always is one, because normal equations have a solution. In D1.solution the columns of V are eigenvectors of
the Hessian and the entries of ell their eigenvalues: this is the whole trajectory in the chamber. What the residuals do
not see is conserved (D1.frozen).
"""

from symflow import Derivation, I, along, datasum, diag, diff, dot, exp, grad, jac, sqnorm, zeros

d = Derivation("Fixed weights: a linear flow", source="arXiv:2501.07400; theory D1")
Q, D = d.dim("Q"), d.dim("D")
theta, x = d.vector("theta", D), d.vector("x", Q)

layers = d.recursion()
layers.parameter("P", d.matrix("P", Q))
layers.parameter("S", d.matrix("S", Q, D))
layers.state("J", d.matrix("J", Q, D), start=zeros(Q, D), following=lambda s: s.P @ s.J - (I(Q) - s.P) @ s.S)
layers.state("c", d.vector("c", Q), start=x, following=lambda s: s.P @ s.c)
layers.state("z", d.vector("z", Q), start=x, following=lambda s: s.P @ s.z - (I(Q) - s.P) @ s.S @ theta)
d.induction("D1.affine", layers, lambda s: s.z == s.J @ theta + s.c, title="z_L is affine in all the biases at once")

K, r = d.matrix("K", Q, D, over="i"), d.vector("r", Q, over="i")
C = d.define("C", datasum(sqnorm(K @ theta + r) / 2, "i"))
A = d.define("A", datasum(K.T @ K, "i"))
v = d.vector("v", D)
d.claim("D1.gradient", grad(C, theta) == A @ theta + datasum(K.T @ r, "i"), title="the gradient is affine")
d.claim("D1.hessian", jac(grad(C, theta), theta) == A, title="the Hessian is the mean of J^T J, the same everywhere")
d.claim("D1.convex", dot(v, A @ v) == datasum(sqnorm(K @ v), "i"), title="and positive semidefinite: C is convex")
d.claim(
    "D1.expansion",
    datasum(sqnorm(K @ (theta + v) + r) / 2, "i") == C + dot(grad(C, theta), v) + dot(v, A @ v) / 2,
    title="the cost is its Taylor polynomial of degree two",
)

# an equilibrium, and the error as a function of time
rest = d.vector("theta_star", D)
gradient = d.define("g", A @ theta + datasum(K.T @ r, "i"))
d.claim(
    "D1.normal",
    gradient == A @ (theta - rest) + (A @ rest + datasum(K.T @ r, "i")),
    title="at an equilibrium the last bracket is zero",
)
flow = {theta: -A @ (theta - rest)}
d.claim("D1.error", along(theta - rest, flow) == -A @ (theta - rest), title="the error obeys e' = -A e")
d.claim(
    "D1.distance",
    along(sqnorm(theta - rest) / 2, flow) == -datasum(sqnorm(K @ (theta - rest)), "i"),
    title="the distance to every equilibrium decreases",
)

s, start, ell = d.scalar("s"), d.vector("theta_0", D), d.vector("lam", D)
V = d.orthogonal("V", D)
d.claim(
    "D1.solution",
    diff(rest + V @ diag(exp(-s * ell)) @ V.T @ (start - rest), s, 1)
    == -(V @ diag(ell) @ V.T) @ (V @ diag(exp(-s * ell)) @ V.T @ (start - rest)),
    title="each eigencoordinate decays at its own rate",
)
d.claim(
    "D1.start",
    rest + V @ diag(exp(0 * ell)) @ V.T @ (start - rest) == start,
    title="and the solution begins where it should",
)
d.claim(
    "D1.cost",
    dot(V @ diag(exp(-s * ell)) @ V.T @ v, V @ diag(ell) @ V.T @ (V @ diag(exp(-s * ell)) @ V.T @ v))
    == dot(ell, diag(exp(-2 * s * ell)) @ diag(V.T @ v) @ (V.T @ v)),
    title="so the excess cost is a sum of exponentials of twice the rates",
)

# directions in which no residual changes: what is conserved
still = Derivation("Fixed weights: what does not move", source="arXiv:2501.07400; theory D1")
still.assume(K @ v == zeros(Q))
still.claim("D1.frozen", along(dot(v, theta), {theta: -grad(C, theta)}) == 0, title="v . theta is conserved if J v = 0")

# the same along one eigenvector only, of a Hessian that need not be diagonalised
M, w, rate = d.symmetric("M", D), d.vector("w", D), d.scalar("mu")
d.assume(M @ w == rate * w)
e = theta - rest
d.claim(
    "D1.eigenvector",
    along(dot(w, e), {theta: -M @ e}) == -rate * dot(w, e),
    title="w . e decays at the rate mu of w",
)
d.claim(
    "D1.coordinate",
    along(exp(rate * s) * dot(w, e), {theta: -M @ e, s: 1}) == 0,
    title="exp(mu s) w . e is constant: w . e = exp(-mu s) times its start",
)
