"""Factorisation machines: scores by myFM, gradient steps by PyTorch's autograd.

usage: python golden_fm.py > fm.json     (needs myfm, torch, numpy, scipy)

myFM fits by Gibbs sampling, so its weights are no golden numbers for SGD, but its
scores with given weights are for the equation. Steps: plain SGD with torch
doing the derivatives of Rendle's double sum.
"""
import contextlib
import importlib.metadata as meta
import json
import os

import numpy as np
import scipy.sparse as sp
import torch

with contextlib.redirect_stderr(open(os.devnull, "w")):
    from myfm import MyFMRegressor

rng = np.random.default_rng(23)
users, items, nu, ni, nc, f = 7, 9, 3, 3, 2, 4
n = users + items + nu + ni + nc
uf = np.where(rng.random((users, nu)) < 0.5, rng.random((users, nu)).round(3) + 0.5, 0)
itf = np.zeros((items, ni))
itf[np.arange(items), np.arange(items) % ni] = rng.random(items).round(3) + 0.5  # one feature an item
entries = [(u, i) for u in range(users) for i in range(items) if rng.random() < 0.5]
ctx = rng.integers(nc, size=len(entries))
rating = rng.integers(1, 6, len(entries)).astype(float)


def row(u, i, c):
    r = np.zeros(n)
    r[u], r[users + i] = 1, 1
    r[users + items:users + items + nu] = uf[u]
    r[users + items + nu:users + items + nu + ni] = itf[i]
    if c >= 0:
        r[n - nc + c] = 1
    return r


def flat(a):
    return [float(v) for v in np.asarray(a, dtype=np.float32).ravel()]


def triples(m):
    s = sp.csr_matrix(m)
    s.sort_indices()
    return {"ptr": s.indptr.tolist(), "col": s.indices.tolist(), "val": flat(s.data)}


with contextlib.redirect_stderr(open(os.devnull, "w")):
    fm = MyFMRegressor(rank=f, random_seed=3).fit(sp.csr_matrix([row(u, i, c) for (u, i), c in zip(entries, ctx)]), rating, n_iter=20, n_kept_samples=1)
sample = fm.predictor_.samples[0]
cases = [(u, i, c) for u in range(users) for i in range(items) for c in (-1, 0, 1)]
predicted = fm.predict(sp.csr_matrix([row(*c) for c in cases]))

w0 = (rng.normal(size=n) * 0.3).astype(np.float32)
v0 = (rng.normal(size=(n, f)) * 0.3).astype(np.float32)
mean = 2.5


def steps(task, rate, lam):
    w, v = torch.tensor(w0, dtype=torch.float64, requires_grad=True), torch.tensor(v0, dtype=torch.float64, requires_grad=True)

    def score(r):
        z = torch.tensor(r, dtype=torch.float64)
        total = (w * z).sum()
        on = np.flatnonzero(r)
        for a in range(len(on)):
            for b in range(a):
                total = total + z[on[a]] * z[on[b]] * (v[on[a]] @ v[on[b]])
        return total

    def go(loss, rows, linear):
        w.grad = v.grad = None
        loss.backward()
        on = (np.abs(np.array(rows)).sum(0) > 0).astype(float)
        moves = torch.tensor(on)
        lin = moves * torch.tensor(linear)
        with torch.no_grad():
            w.sub_(rate * lin * (w.grad + lam * w))
            v.sub_(rate * moves[:, None] * (v.grad + lam * v))

    trace = []
    side = np.ones(n)
    for _ in range(60):
        p = int(rng.integers(len(entries)))
        u, i = entries[p]
        j = int(rng.choice([k for k in range(items) if (u, k) not in entries and k % ni != i % ni] or [-1]))
        if j < 0:
            continue
        trace.append([p, u, i, j])
        a, b = row(u, i, ctx[p]), row(u, j, ctx[p])
        if task == "ratings":
            go((rating[p] - mean - score(a)) ** 2 / 2, [a], side)
        elif task == "clicks":
            go(torch.nn.functional.softplus(-score(a)), [a], side)
            go(torch.nn.functional.softplus(score(b)), [b], side)
        else:  # weights of user and context cancel out and stay
            only = side.copy()
            only[:users] = only[users + items:users + items + nu] = only[n - nc:] = 0
            go(torch.nn.functional.softplus(score(b) - score(a)), [a, b], only)
    return {"task": task, "rate": rate, "lambda": lam, "trace": trace, "w": flat(w.detach()), "v": flat(v.detach())}


x = sp.csr_matrix((rating, tuple(np.array(entries).T)), shape=(users, items))
x.sort_indices()
print(json.dumps({
    "provenance": {"tool": "myfm", "version": meta.version("myfm") + ", torch " + torch.__version__,
                   "command": "python recommend/testdata/golden_fm.py"},
    "users": users, "items": items, "factors": f, "mean": mean, "entries": triples(x),
    "user_features": triples(uf), "item_features": triples(itf), "contexts": nc, "context": ctx.tolist(),
    "myfm": {"w0": float(sample.w0), "w": flat(sample.w), "v": flat(sample.V),
             "cases": cases, "scores": [float(s) for s in predicted]},
    "w0": flat(w0), "v0": flat(v0),
    "steps": [steps("ratings", 0.02, 0.05), steps("clicks", 0.05, 0.02), steps("ranking", 0.05, 0.02)],
}))
