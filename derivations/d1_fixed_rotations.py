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

D1.next to D1.force are what an integrator computes. One layer more, z = J theta + A x before it: the Jacobians after it
(D1.next, written so that a layer that truncates nothing changes no digit) and of its preactivations (D1.wall). All data
of one pattern share K and A: they enter by their mass mu and the sums m of mu x and t of mu y (D1.pattern), so that the
Hessian G and the force, minus the gradient at zero, are sums over patterns (D1.patterns, D1.force).
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

# one layer more, with adapted weights
layer = Derivation("Fixed weights: one layer more", source="arXiv:2501.07400; theory D1")
R, H = layer.orthogonal("R", Q), layer.mask("H", Q)
J, S, B = layer.matrix("J", Q, D), layer.matrix("S", Q, D), layer.matrix("A", Q)
x, y, theta = layer.vector("x", Q), layer.vector("y", Q), layer.vector("theta", D)
a = layer.define("a", R @ (J @ theta + B @ x + S @ theta))
z = layer.define("z", R.T @ H @ a - S @ theta)
layer.claim("D1.wall", jac(a, theta) == R @ (J + S), title="the normals of the walls of a layer")
layer.claim("D1.wall-point", jac(a, x) == R @ B, title="and how they move with the point")
layer.claim("D1.next", jac(z, theta) == J - R.T @ (I(Q) - H) @ R @ (J + S), title="J after one layer more")
layer.claim("D1.next-point", jac(z, x) == B - R.T @ (I(Q) - H) @ R @ B, title="c = A x after one layer more")
error = layer.define("C_1", sqnorm(J @ theta + B @ x - y) / 2)
layer.claim("D1.product", jac(grad(error, theta), theta) == J.T @ J, title="the Hessian of one datum")
layer.claim("D1.product-point", jac(grad(error, theta), x) == J.T @ B, title="its gradient moves with the point")

# all data of one pattern, then all patterns
sums = Derivation("Fixed weights: sums over patterns", source="arXiv:2501.07400; theory D1, C8")
J, B = sums.matrix("J", Q, D), sums.matrix("B", Q)
point, label = sums.vector("x", Q, over="i"), sums.vector("y", Q, over="i")
sums.claim(
    "D1.pattern",
    datasum(sqnorm(J @ theta + B @ point - label) / 2, "i")
    == datasum(1, "i") * sqnorm(J @ theta) / 2
    + dot(J @ theta, B @ datasum(point, "i") - datasum(label, "i"))
    + datasum(sqnorm(B @ point - label) / 2, "i"),
    title="the data of one pattern enter by their mass and first moments",
)
K, A = sums.matrix("K", Q, D, over="j"), sums.matrix("A", Q, over="j")
G, F = sums.symmetric("G", D, over="j"), sums.matrix("F", D, Q, over="j")
mu, m, t = sums.scalar("mu", over="j"), sums.vector("m", Q, over="j"), sums.vector("t", Q, over="j")
sums.assume(G == K.T @ K)
sums.assume(F == K.T @ A)
C = sums.define("C", datasum(mu * sqnorm(K @ theta) / 2 + dot(K @ theta, A @ m - t), "j"))
sums.claim("D1.patterns", jac(grad(C, theta), theta) == datasum(mu * G, "j"), title="the Hessian, pattern by pattern")
sums.claim(
    "D1.force",
    datasum(mu * G, "j") @ theta - grad(C, theta) == datasum(K.T @ t - F @ m, "j"),
    title="minus the gradient at zero, pattern by pattern",
)
