"""Steps of WARP by LightFM, one entry at a time, and what its fits reach.

usage: python golden_lightfm.py > lightfm.json     (needs lightfm-next, numpy, scipy)

LightFM scales steps by Adagrad, whose sums are set back to one before each step:
then it is a plain step. Which item it drew is read off the vectors that moved,
and at which trial off the size of the step.
"""
import importlib.metadata as meta
import json

import numpy as np
import scipy.sparse as sp
from lightfm import LightFM

rng = np.random.default_rng(17)
users, items, f, rate = 12, 15, 6, 0.05
group = (np.arange(users)[:, None] % 3) == (np.arange(items)[None, :] % 3)
dense = rng.random((users, items)) < np.where(group, 0.6, 0.15)
dense[np.arange(users), np.arange(users) % items] = True
m = sp.csr_matrix(dense.astype(np.float32))
m.sort_indices()


def flat(a):
    return [float(v) for v in np.asarray(a, np.float32).ravel()]


model = LightFM(no_components=f, loss="warp", learning_rate=rate, max_sampled=20, random_state=1)
model._initialize(f, items, users)
model.user_embeddings = x0 = (rng.normal(size=(users, f)) * 0.4).astype(np.float32)
model.item_embeddings = y0 = (rng.normal(size=(items, f)) * 0.4).astype(np.float32)
model.item_biases = b0 = (rng.normal(size=items) * 0.3).astype(np.float32)
x0, y0, b0 = x0.copy(), y0.copy(), b0.copy()
weights = {t: np.log(np.floor((items - 1) / t)) for t in range(1, items)}
trace, trials, none = [], [], 0
while len(trace) < 150:
    p = rng.integers(m.nnz)
    u = int(np.searchsorted(m.indptr, p, side="right") - 1)
    i = int(m.indices[p])
    for a in (model.item_embedding_gradients, model.item_bias_gradients, model.user_embedding_gradients, model.user_bias_gradients):
        a[:] = 1
    before = model.item_biases.copy()
    # The whole matrix says what is taken; all entries but one have weight 0, and
    # the sampler leaves those out only after drawing, so give it one alone and
    # read off whether the drawn item is taken.
    kept = [a.copy() for a in (model.user_embeddings, model.item_embeddings, model.item_biases, model.user_biases)]
    model.fit_partial(sp.coo_matrix(([1.0], ([u], [i])), shape=(users, items)).astype(np.float32), epochs=1)
    changed = [int(k) for k in np.flatnonzero(model.item_biases != before) if k != i]
    step = (model.item_biases[i] - before[i]) / rate
    if not changed:
        none += 1
        continue
    j = changed[0]
    t = [t for t, w in weights.items() if w > 0 and abs(w - step) < 1e-4 * max(1, w)]
    if dense[u, j] or not t:  # a taken item, which LightFM could not know here
        model.user_embeddings, model.item_embeddings, model.item_biases, model.user_biases = kept
        continue
    trace.append([u, i, j])
    trials.append(t[0])  # all trials of the same weight are alike


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
reached = []
for seed in range(5):
    fit = LightFM(no_components=8, loss="warp", learning_rate=0.05, max_sampled=20, random_state=seed)
    fit.fit(s.tocoo(), epochs=50, num_threads=1)
    scores = fit.user_embeddings @ fit.item_embeddings.T + fit.item_biases
    reached.append([auc(scores, train, ~train), auc(scores, held, ~train & ~held)])

print(json.dumps({
    "provenance": {"tool": "lightfm-next", "version": meta.version("lightfm-next"), "command": "python recommend/testdata/golden_lightfm.py"},
    "users": users, "items": items, "factors": f, "rate": rate, "ptr": m.indptr.tolist(), "col": m.indices.tolist(),
    "x0": flat(x0), "y0": flat(y0), "bias0": flat(b0), "trace": trace, "trials": trials,
    "x": flat(model.user_embeddings), "y": flat(model.item_embeddings), "bias": flat(model.item_biases),
    "quality": {"users": big_users, "items": big_items, "factors": 8, "ptr": s.indptr.tolist(), "col": s.indices.tolist(),
                "held": [np.flatnonzero(h).tolist() for h in held], "warp": reached},
}))
