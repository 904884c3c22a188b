"""Golden numbers from the implicit package: ALS training loss and neighbours.

usage: python golden_implicit.py > implicit.json     (needs implicit, numpy, scipy)
"""
import json
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import implicit
import numpy as np
import scipy.sparse as sp
from implicit.cpu import als
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

rng = np.random.default_rng(7)
users, items, f = 40, 25, 8
dense = (rng.random((users, items)) < 0.2) * rng.integers(1, 6, (users, items))
dense[5] = 0  # a user without entries
m = sp.csr_matrix(dense.astype(np.float32))
m.sort_indices()
t = m.T.tocsr()
x0 = (rng.normal(size=(users, f)) * 0.1).astype(np.float32)
y0 = (rng.normal(size=(items, f)) * 0.1).astype(np.float32)


def losses(cg, iterations=6, alpha=2.0, reg=0.05):
    x, y = x0.copy(), y0.copy()
    c, ct = (m * np.float32(alpha)).tocsr(), (t * np.float32(alpha)).tocsr()
    out = []
    mod = als.AlternatingLeastSquares(factors=f, use_cg=cg, use_native=True, num_threads=1, regularization=reg)
    for _ in range(iterations):
        mod.solver(c, x, y, reg, num_threads=1)
        mod.solver(ct, y, x, reg, num_threads=1)
        out.append(float(als._als.calculate_loss(c, x, y, reg, num_threads=1)))
    return out


def neighbours(model):
    model.fit(m, show_progress=False)
    s = model.similarity.tocsr()
    s.setdiag(0)
    s.eliminate_zeros()
    s.sort_indices()
    return {"ptr": s.indptr.tolist(), "col": s.indices.tolist(), "val": s.data.tolist()}


print(json.dumps({
    "provenance": {"tool": "implicit", "version": implicit.__version__, "command": "python recommend/testdata/golden_implicit.py"},
    "users": users, "items": items, "factors": f,
    "ptr": m.indptr.tolist(), "col": m.indices.tolist(), "val": m.data.tolist(),
    "x0": x0.ravel().tolist(), "y0": y0.ravel().tolist(),
    "alpha": 2.0, "regularization": 0.05,
    "loss_cg": losses(True), "loss_cholesky": losses(False),
    "cosine": neighbours(CosineRecommender(K=items, num_threads=1)),
    "tfidf": neighbours(TFIDFRecommender(K=items, num_threads=1)),
    "bm25": neighbours(BM25Recommender(K=items, K1=100, B=0.8, num_threads=1)),
}))
