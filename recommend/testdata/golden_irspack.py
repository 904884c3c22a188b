"""P3alpha, RP3beta, EASE, EDLAE, user-KNN and item-KNN from the irspack package.

usage: python golden_irspack.py > irspack.json     (needs irspack, numpy, scipy)

irspack takes alpha as a power of the entries, the papers as one of the
transition probabilities. With alpha = 1 they are the same; other values are
computed here by numpy from the formula of Paudel et al. (2017), section 3.
"""
import importlib.metadata as meta
import json

import numpy as np
import scipy.sparse as sp
from irspack.recommenders import dense_slim, edlae, knn as item_knn, p3, rp3, user_knn

rng = np.random.default_rng(21)
users, items = 30, 18
group = (np.arange(users)[:, None] % 3) == (np.arange(items)[None, :] % 3)
m = (rng.random((users, items)) < np.where(group, 0.5, 0.12)) * rng.integers(1, 6, (users, items))
m[np.arange(users), np.arange(users) % items] = 3  # no empty row or column
x = sp.csr_matrix(m.astype(np.float64))
x.sort_indices()
binary = (x > 0).astype(np.float64)


def dense(w):
    return np.asarray(w.todense() if sp.issparse(w) else w)


def walk(alpha, beta, values):
    """RP3beta by numpy: powers of the transition probabilities."""
    a = dense(x if values else binary)
    up = (a / a.sum(1, keepdims=True)) ** alpha
    down = (a.T / a.T.sum(1, keepdims=True)) ** alpha
    w = down @ up / (a > 0).sum(0)[None, :] ** beta
    return w


def flat(a, digits=8):
    return np.asarray(a).ravel().round(digits).tolist()


walks = []
for beta, values in [(0, False), (0, True), (0.4, False), (1, False)]:
    data = x if values else binary
    r = (p3.P3alphaRecommender(data, alpha=1) if beta == 0 else rp3.RP3betaRecommender(data, alpha=1, beta=beta)).learn()
    w = dense(r.W)
    assert np.allclose(w, walk(1, beta, values)), "irspack and the formula differ"
    walks.append({"tool": "irspack", "alpha": 1, "beta": beta, "weights": values, "b": flat(w)})
for alpha, beta, values in [(0.8, 0.4, False), (1.7, 0.6, True)]:
    walks.append({"tool": "numpy", "alpha": alpha, "beta": beta, "weights": values, "b": flat(walk(alpha, beta, values))})

autoencoders = []
for lam, dropout, values in [(3, 0, False), (50, 0, True), (3, 0.4, False), (20, 0.7, True)]:
    data = x if values else binary
    r = (edlae.EDLAERecommender(data, reg=lam, dropout_p=dropout) if dropout else dense_slim.DenseSLIMRecommender(data, reg=lam)).learn()
    autoencoders.append({"lambda": lam, "dropout": dropout, "weights": values, "b": flat(dense(r.W), 7)})

knn = []
for name, r in [
    ("cosine", user_knn.CosineUserKNNRecommender(x, top_k=users)),
    ("cosine shrunk", user_knn.CosineUserKNNRecommender(x, top_k=8, shrinkage=4.0)),  # itself and 7 more
    ("dot", user_knn.CosineUserKNNRecommender(x, top_k=users, normalize=False)),
    ("asymmetric", user_knn.AsymmetricCosineUserKNNRecommender(x, top_k=users, alpha=0.3)),
]:
    r.learn()
    knn.append({"name": name, "scores": flat(r.get_score(np.arange(users)), 7)})

similar = []
for name, r in [
    ("asymmetric", item_knn.AsymmetricCosineKNNRecommender(x, top_k=items, alpha=0.3, shrinkage=2.0)),
    ("jaccard", item_knn.JaccardKNNRecommender(binary, top_k=items, shrinkage=1.5)),
    ("tversky", item_knn.TverskyIndexKNNRecommender(binary, top_k=items, alpha=0.4, beta=0.7)),
]:
    r.learn()
    similar.append({"name": name, "b": flat(dense(r.W), 7)})

print(json.dumps({
    "provenance": {"tool": "irspack", "version": meta.version("irspack") + ", numpy " + np.__version__,
                   "command": "python recommend/testdata/golden_irspack.py"},
    "users": users, "items": items, "ptr": x.indptr.tolist(), "col": x.indices.tolist(), "val": x.data.tolist(),
    "walks": walks, "autoencoders": autoencoders, "knn": knn, "similar": similar,
}))
