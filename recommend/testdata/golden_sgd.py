"""Steps of BPR and logistic MF by the compiled kernels of the implicit package,
and what its fits reach.

usage: python golden_sgd.py > sgd.json     (needs implicit, numpy, scipy)

Drawn triples differ from library to library, so the kernels are called for one
sample at a time. BPR: which triple it was is read off the vectors that moved. LMF:
the kernel gets one entry and no choice of a negative; its Adagrad sum holds the
squared gradient, the step its sign, and plain steps are made of both.
"""
import json

import implicit
import numpy as np
import scipy.sparse as sp
from implicit.bpr import BayesianPersonalizedRanking
from implicit.cpu import bpr, lmf
from implicit.lmf import LogisticMatrixFactorization

rng = np.random.default_rng(13)
users, items, f, steps = 12, 15, 6, 300
group = (np.arange(users)[:, None] % 3) == (np.arange(items)[None, :] % 3)
dense = rng.random((users, items)) < np.where(group, 0.6, 0.15)
dense[np.arange(users), np.arange(users) % items] = True
m = sp.csr_matrix(dense.astype(np.float32))
m.sort_indices()
owner = np.repeat(np.arange(users), np.diff(m.indptr)).astype(np.int32)
x0 = (rng.normal(size=(users, f)) * 0.3).astype(np.float32)
y0 = (rng.normal(size=(items, f)) * 0.3).astype(np.float32)
b0 = (rng.normal(size=items) * 0.2).astype(np.float32)
c0 = (rng.normal(size=users) * 0.2).astype(np.float32)


def flat(a):
    return [float(v) for v in np.asarray(a, np.float32).ravel()]


def bpr_trace(rate, reg):
    x = np.hstack([x0, np.ones((users, 1), np.float32)])
    y = np.hstack([y0, b0[:, None]])
    draws = bpr.RNGVector(1, m.nnz - 1, np.array([5]))
    trace = []
    while len(trace) < steps:
        xb, yb = x.copy(), y.copy()
        # One sample: the arrays are longer than the slice says, and the kernel draws from all.
        _, skipped = bpr.bpr_update(draws, owner[:1], m.indices, m.indptr, x, y, rate, reg, 1, True)
        if skipped:
            continue
        u = np.flatnonzero((x != xb).any(1))
        i, j = np.flatnonzero((y != yb).any(1)) if len(np.flatnonzero((y != yb).any(1))) == 2 else (-1, -1)
        assert len(u) == 1 and i >= 0
        if not dense[u[0], i]:
            i, j = j, i
        assert dense[u[0], i] and not dense[u[0], j]
        trace.append([int(u[0]), int(i), int(j)])
    return {"rate": rate, "regularization": reg, "trace": trace, "x": flat(x[:, :f]), "y": flat(y[:, :f]), "bias": flat(y[:, f])}


def lmf_gradient(v, other, positive, weight, reg):
    """What the kernel goes up along: the vector v, an entry of weight (or a negative) with other."""
    table = np.ascontiguousarray(np.vstack([other, other]), dtype=np.float32)
    vec, sums = v[None, :].astype(np.float32).copy(), np.zeros((1, len(v)), np.float32)
    before = vec.copy()
    if positive:
        lmf.lmf_update(lmf.RNGVector(1, 0, np.array([1])), sums, vec, table, np.array([0, 1], np.int32),
                       np.array([1, 2], np.int32), np.array([0, weight], np.float32), 1e-3, reg, 0, 1)
    else:  # the negative is drawn from the first element, the entry has weight 0
        lmf.lmf_update(lmf.RNGVector(1, 0, np.array([1])), sums, vec, table, np.array([0, 1], np.int32),
                       np.array([1, 2], np.int32), np.array([0, 0], np.float32), 1e-3, reg, 1, 1)
    return np.sign(vec - before)[0] * np.sqrt(sums[0].astype(float))


def lmf_trace(rate, reg, weight):
    one = np.ones((1, 1), np.float32)
    x = np.hstack([x0, np.tile(one, (users, 1)), c0[:, None]]).astype(float)  # vector, 1, bias
    y = np.hstack([y0, b0[:, None], np.tile(one, (items, 1))]).astype(float)
    trace = []
    for _ in range(steps):
        p = rng.integers(m.nnz)
        u, i = owner[p], m.indices[p]
        j = rng.choice(np.flatnonzero(~dense[u]))
        trace.append([int(u), int(i), int(j)])
        for item, positive in [(i, True), (j, False)]:
            gx, gy = lmf_gradient(x[u], y[item], positive, weight, reg), lmf_gradient(y[item], x[u], positive, weight, reg)
            gx[f] = 0  # the ones beside the biases stay
            gy[f + 1] = 0
            x[u] += rate * gx
            y[item] += rate * gy
    return {"rate": rate, "regularization": reg, "weight": weight, "trace": trace,
            "x": flat(x[:, :f]), "user_bias": flat(x[:, f + 1]), "y": flat(y[:, :f]), "bias": flat(y[:, f])}


def auc(scores, taken, rest):
    out = []
    for u in range(len(scores)):
        a, b = scores[u][taken[u]], scores[u][rest[u]]
        if len(a) and len(b):
            d = a[:, None] - b[None, :]
            out.append(((d > 0) + 0.5 * (d == 0)).mean())
    return float(np.mean(out))


big_users, big_items = 150, 60
big_group = (np.arange(big_users)[:, None] % 5) == (np.arange(big_items)[None, :] % 5)
big = rng.random((big_users, big_items)) < np.where(big_group, 0.45, 0.06)
big[np.arange(big_users), np.arange(big_users) % big_items] = True
held = big & (rng.random(big.shape) < 0.2)
train = big & ~held
train[np.flatnonzero(~train.any(1)), 0] = True
held &= ~train
s = sp.csr_matrix(train.astype(np.float32))
s.sort_indices()


def reached(make):
    out = []
    for seed in range(5):
        model = make(seed)
        model.fit(s, show_progress=False)
        scores = model.user_factors @ model.item_factors.T
        out.append([auc(scores, train, ~train), auc(scores, held, ~train & ~held)])
    return out


print(json.dumps({
    "provenance": {"tool": "implicit", "version": implicit.__version__, "command": "python recommend/testdata/golden_sgd.py"},
    "users": users, "items": items, "factors": f, "ptr": m.indptr.tolist(), "col": m.indices.tolist(),
    "x0": flat(x0), "y0": flat(y0), "bias0": flat(b0), "user_bias0": flat(c0),
    "bpr": [bpr_trace(0.05, 0.01), bpr_trace(0.1, 0)],
    "lmf": [lmf_trace(0.05, 0.01, 1.0), lmf_trace(0.03, 0, 3.0)],
    "quality": {
        "users": big_users, "items": big_items, "ptr": s.indptr.tolist(), "col": s.indices.tolist(),
        "held": [np.flatnonzero(h).tolist() for h in held], "factors": 8,
        "bpr": reached(lambda seed: BayesianPersonalizedRanking(factors=8, learning_rate=0.05, regularization=0.02, iterations=100,
                                                                num_threads=1, random_state=seed)),
        "lmf": reached(lambda seed: LogisticMatrixFactorization(factors=8, learning_rate=1.0, regularization=0.6, iterations=30,
                                                                neg_prop=30, num_threads=1, random_state=seed)),
    },
}))
