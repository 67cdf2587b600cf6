"""F4. Other activations: what is left of truncation maps for leaky ReLU, Swish, and any smooth function.

Source: arXiv:2501.07400 (ReLU there); theory F4, B11.
Hypotheses: W, the cumulative weight, is invertible; f any smooth function, applied entry by entry. For leaky ReLU of
slope s: H is the mask of a chamber, or, where leaky() stands, kinks are included.

A2 needs nothing of the activation, and the linear part is D = W^-1 diag(f'(a)) W, in B1, B2 and B11 (which has the
gradients). What is lost is idempotence. For leaky ReLU a quadratic relation takes its place, with the eigenvalues 1 and
s, and A4 stays: leaky ReLU is positively homogeneous. Both are lost for a general f. Refuted, with the
counterexample that the checker found (and tests/property/test_what_layers_conserve.py asks for again):

- D D = D for f: Q = 1, W = 1, f(a) = a^4 at a = 1;
- D D = D for leaky ReLU: Q = 1, W = 1, H = 0, s = -1 (it is true only for s = 0, s = 1 or H = 1);
- f(E v) = E f(v) for positive diagonal E: Q = 1, f = 1, E = 2, v = 0; so W_* is not idle for such f, and B6 fails.
"""

from symflow import Derivation, I, diag, diff, exp, inv, jac, ones, relu, step, tanh, zeros

SOURCE = "theory F4, B11 (beyond the paper's ReLU)"
deep = Derivation("A network of any activation is a composition of maps", source=SOURCE)
Q = deep.dim("Q")
x, f = deep.vector("x", Q), deep.function("f")
layers = deep.recursion()
layers.parameter("W", deep.invertible("W", Q))
layers.parameter("b", deep.vector("b", Q))
layers.state("A", deep.invertible("A", Q), start=I(Q), following=lambda s: s.W @ s.A)
layers.state("c", deep.vector("c", Q), start=zeros(Q), following=lambda s: s.W @ s.c + s.b)
layers.state("h", deep.vector("h", Q), start=x, following=lambda s: f(s.W @ s.h + s.b))
layers.state(
    "z", deep.vector("z", Q), start=x, following=lambda s: inv(s.A_next) @ (f(s.A_next @ s.z + s.c_next) - s.c_next)
)
deep.induction("F4.network", layers, lambda s: s.h == s.A @ s.z + s.c, title="A2 for any activation")

d = Derivation("Any activation, leaky ReLU, Swish", source=SOURCE)
W, E, R = d.invertible("W", Q), d.diagonal("E", Q, positive=True), d.orthogonal("R", Q)
H, s, t = d.mask("H", Q), d.scalar("s"), d.scalar("t")
z, beta, v = d.vector("z", Q), d.vector("beta", Q), d.vector("v", Q)
a = d.define("a", W @ (z + beta))
d.claim(
    "F4.jacobian",
    jac(inv(W) @ f(a) - beta, z) == inv(W) @ diag(f.d(a)) @ W,
    title="the linear part of any activation",
)
d.claim(
    "F4.bias",
    jac(inv(W) @ f(a) - beta, beta) == inv(W) @ diag(f.d(a)) @ W - I(Q),
    title="and its derivative by the bias: D - 1, as in B2",
)

D = d.define("D", inv(W) @ (H + s * (I(Q) - H)) @ W)
P = d.define("P", inv(W) @ H @ W)
d.claim("F4.leaky-part", D == s * I(Q) + (1 - s) * P, title="leaky ReLU: between the identity and the truncation")
d.claim("F4.quadratic", D @ D == (1 + s) * D - s * I(Q), title="a quadratic relation in the place of idempotence")
d.claim("F4.factors", (D - I(Q)) @ (D - s * I(Q)) == zeros(Q, Q), title="its eigenvalues are 1 and the slope")
d.claim(
    "F4.leaky-inverse",
    D @ ((1 + s) * I(Q) - D) == s * I(Q),
    title="so D is invertible unless the slope is zero: nothing is lost at a layer",
)
d.claim(
    "F4.semigroup",
    D @ (t * I(Q) + (1 - t) * P) == s * t * I(Q) + (1 - s * t) * P,
    title="leaky truncations with one mask compose: the slopes multiply",
)


def leaky(u):
    """Leaky ReLU of slope s as a map."""
    return relu(u) - s * relu(-u)


d.claim("F4.leaky-slope", jac(leaky(v), v) == diag(step(v) + s * step(-v)), title="the slopes are 1 and s")
d.claim("F4.leaky-homogeneous", leaky(E @ v) == E @ leaky(v), title="leaky ReLU is positively homogeneous")
d.claim(
    "F4.leaky-adapted",
    inv(E @ R) @ leaky(E @ R @ (z + beta)) - beta == R.T @ leaky(R @ (z + beta)) - beta,
    title="A4 for leaky ReLU: tau is free of W_*",
)
T = d.define("D_R", R.T @ (H + s * (I(Q) - H)) @ R)
d.claim("F4.leaky-symmetric", T.T == T, title="with adapted weights D is symmetric")

# Swish, u/(1 + exp(-u)), written by tanh so that it may be applied entry by entry
u, gate = d.scalar("u"), d.define("Gamma", diag(ones(Q) + tanh(v / 2)) / 2)
d.claim("F4.swish", u / (1 + exp(-u)) == u * (1 + tanh(u / 2)) / 2, title="Swish by exp and by tanh")
d.claim(
    "F4.swish-slope",
    diff(u / (1 + exp(-u)), u, 1) == 1 / (1 + exp(-u)) + u * exp(-u) / (1 + exp(-u)) ** 2,
    title="its slope",
)
d.claim(
    "F4.swish-jacobian",
    jac(gate @ v, v) == gate + diag(v) @ gate @ (I(Q) - gate),
    title="its Jacobian: the gate g in the place of the mask, and u g (1 - g) more",
)
pre = W @ (z + beta)
g = d.define("g", diag(ones(Q) + tanh(pre / 2)) / 2)
d.claim(
    "F4.swish-bias",
    jac(inv(W) @ g @ pre - beta, beta) == inv(W) @ (g + diag(pre) @ g @ (I(Q) - g)) @ W - I(Q),
    title="the derivative by the bias for Swish",
)
