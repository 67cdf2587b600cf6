"""F6. What gradient flow of the layers does to the cumulative parameters: a preconditioned flow, at every depth.

Source: arXiv:2501.07400 (flows of the cumulative parameters); theory F6, with A1 and A6.
Hypotheses: W_l and b_l move with velocities -G and -g (the gradients dC/dW_l, dC/db_l of any cost). By induction over
the layers; a velocity at the next layer is the time derivative of what the recursion of A1 makes.

F6.weight and F6.bias are the sums of the theory as recursions: S_{l+1} = W_{l+1} S_l + G_{l+1} W^(l) is what
S_l = sum_k W_l ... W_{k+1} G_k W_{k-1} ... W_1 satisfies. F6.weight-summand shows the summand of one layer k with its
two factors: it enters at layer k as G_k W^(k-1), and T is W_l ... W_{k+1}; what all other layers do is in others and
rest.

F6.two has a cost that sees both cumulative weights and biases, to first order, with gradients Gamma_l and gamma_l by
them: the layers of the network mix these, but only by J J^T, J the Jacobian of the change of parameters. F6.single is
a cost that sees only W^(L), as for a linear network: -sum_k T_k T_k^T Gamma A_k^T A_k with T_k = W_L ... W_{k+1} and
A_k = W_{k-1} ... W_1 is the gradient flow that the cumulative weight would have by itself, preconditioned by a positive
semidefinite operator (F6.positive). The widths of these two and three layers are arbitrary.
"""

from symflow import Derivation, I, along, dot, grad, inv, outer, sqnorm, zeros

SOURCE = "arXiv:2501.07400; theory F6"
d = Derivation("The flow of the layers in cumulative parameters", source=SOURCE)
Q = d.dim("Q")

layers = d.recursion()
layers.parameter("W", d.matrix("W", Q))
layers.parameter("G", d.matrix("G", Q))
layers.parameter("b", d.vector("b", Q))
layers.parameter("g", d.vector("g", Q))
layers.state("A", d.matrix("A", Q), start=I(Q), following=lambda s: s.W @ s.A)
layers.state("c", d.vector("c", Q), start=zeros(Q), following=lambda s: s.W @ s.c + s.b)
layers.state(
    "Adot", d.matrix("Adot", Q), start=zeros(Q, Q), following=lambda s: along(s.W @ s.A, {s.W: -s.G, s.A: s.Adot})
)
layers.state(
    "cdot",
    d.vector("cdot", Q),
    start=zeros(Q),
    following=lambda s: along(s.W @ s.c + s.b, {s.W: -s.G, s.b: -s.g, s.c: s.cdot}),
)
layers.state("S", d.matrix("S", Q), start=zeros(Q, Q), following=lambda s: s.W @ s.S + s.G @ s.A)
layers.state("r", d.vector("r", Q), start=zeros(Q), following=lambda s: s.W @ s.r + s.G @ s.c + s.g)
d.induction("F6.weight", layers, lambda s: s.Adot == -s.S, title="the velocity of the cumulative weight")
d.induction("F6.bias", layers, lambda s: s.cdot == -s.r, title="the velocity of the cumulative bias")

# the layers after layer k, whose weight is U with gradient K and whose bias has the gradient h
U, K, Ak, Akdot = (d.matrix(name, Q) for name in ("U", "K", "A_k", "Adot_k"))
h, ck, ckdot = (d.vector(name, Q) for name in ("h", "c_k", "cdot_k"))
after = d.recursion()
for name, symbol in (("V", d.matrix("V", Q)), ("M", d.matrix("M", Q)), ("m", d.vector("m", Q))):
    after.parameter(name, symbol)
after.state("T", d.matrix("T", Q), start=I(Q), following=lambda s: s.V @ s.T)
after.state("B", d.matrix("B", Q), start=U @ Ak, following=lambda s: s.V @ s.B)
after.state("e", d.vector("e", Q), start=U @ ck, following=lambda s: s.V @ s.e)
after.state(
    "Bdot",
    d.matrix("Bdot", Q),
    start=along(U @ Ak, {U: -K, Ak: Akdot}),
    following=lambda s: along(s.V @ s.B, {s.V: -s.M, s.B: s.Bdot}),
)
after.state("others", d.matrix("X", Q), start=U @ Akdot, following=lambda s: s.V @ s.others - s.M @ s.B)
d.induction(
    "F6.weight-summand",
    after,
    lambda s: s.Bdot == -s.T @ K @ Ak + s.others,
    title="layer k contributes -W_l ... W_{k+1} G_k W_{k-1} ... W_1",
)
after.state(
    "edot",
    d.vector("edot", Q),
    start=along(U @ ck, {U: -K, ck: ckdot}) - h,
    following=lambda s: along(s.V @ s.e, {s.V: -s.M, s.e: s.edot}) - s.m,
)
after.state("rest", d.vector("x", Q), start=U @ ckdot, following=lambda s: s.V @ s.rest - s.M @ s.e - s.m)
d.induction(
    "F6.bias-summand",
    after,
    lambda s: s.edot == -s.T @ (K @ ck + h) + s.rest,
    title="and -W_l ... W_{k+1} (G_k b^(k-1) + g_k) to the bias",
)

w = Derivation("Two and three layers", source=SOURCE)
M0, M1, M2, M3 = (w.dim(name) for name in ("M0", "M1", "M2", "M3"))
W1, G1, b1, g1 = w.matrix("W1", M1, M0), w.matrix("G1", M1, M0), w.vector("b1", M1), w.vector("g1", M1)
W2, G2, b2, g2 = w.matrix("W2", M2, M1), w.matrix("G2", M2, M1), w.vector("b2", M2), w.vector("g2", M2)
W3, G3, b3, g3 = w.matrix("W3", M3, M2), w.matrix("G3", M3, M2), w.vector("b3", M3), w.vector("g3", M3)
moving = {W1: -G1, W2: -G2, W3: -G3, b1: -g1, b2: -g2, b3: -g3}
w.claim(
    "F6.three",
    along(W3 @ W2 @ W1, moving) == -G3 @ W2 @ W1 - W3 @ G2 @ W1 - W3 @ W2 @ G1,
    title="the cumulative weight of three layers",
)
w.claim(
    "F6.three-bias",
    along(W3 @ (W2 @ b1 + b2) + b3, moving) == -G3 @ (W2 @ b1 + b2) - W3 @ G2 @ b1 - W3 @ W2 @ g1 - W3 @ g2 - g3,
    title="and its bias",
)
A, c, Adot, cdot = w.invertible("A", Q), w.vector("c", Q), w.matrix("Adot", Q), w.vector("cdot", Q)
w.claim(
    "F6.pulled-back",
    along(inv(A) @ c, {A: Adot, c: cdot}) == inv(A) @ (cdot - Adot @ inv(A) @ c),
    title="the velocity of beta = A^-1 c",
)

Gamma1, gamma1 = w.matrix("Gamma1", M1, M0), w.vector("gamma1", M1)
Gamma2, gamma2 = w.matrix("Gamma2", M2, M0), w.vector("gamma2", M2)
C = w.define("C", dot(Gamma1, W1) + dot(Gamma2, W2 @ W1) + dot(gamma1, b1) + dot(gamma2, W2 @ b1 + b2))
flow = {X: -grad(C, X) for X in (W1, W2, b1, b2)}
w.claim(
    "F6.two",
    along(W2 @ W1, flow) == -(Gamma2 @ W1.T @ W1 + W2 @ W2.T @ Gamma2) - W2 @ Gamma1 - outer(gamma2, b1) @ W1,
    title="gradients by cumulative parameters, mixed and preconditioned",
)
w.claim(
    "F6.two-bias",
    along(W2 @ b1 + b2, flow) == -(W2 @ W2.T @ gamma2 + (1 + sqnorm(b1)) * gamma2) - W2 @ gamma1 - Gamma2 @ W1.T @ b1,
    title="the same for the cumulative bias",
)
w.claim(
    "F6.dissipation",
    along(C, flow) == -(sqnorm(grad(C, W1)) + sqnorm(grad(C, W2)) + sqnorm(grad(C, b1)) + sqnorm(grad(C, b2))),
    title="the cost decreases, to first order as it does in the layers",
)

Gamma = w.matrix("Gamma", M3, M0)
deep = w.define("C_deep", dot(Gamma, W3 @ W2 @ W1))
w.claim(
    "F6.single",
    along(W3 @ W2 @ W1, {X: -grad(deep, X) for X in (W1, W2, W3)})
    == -(Gamma @ (W2 @ W1).T @ W2 @ W1 + W3 @ W3.T @ Gamma @ W1.T @ W1 + W3 @ W2 @ (W3 @ W2).T @ Gamma),
    title="a cost of the cumulative weight alone",
)
T, B = w.matrix("T", M3, M2), w.matrix("B", M1, M0)
w.claim(
    "F6.positive",
    dot(Gamma, T @ T.T @ Gamma @ B.T @ B) == sqnorm(T.T @ Gamma @ B.T),
    title="each summand of the preconditioner is positive semidefinite",
)
