"""Writes svm.json: what liblinear finds on sparse rows, by LinearSVC in the primal and in the dual.

    python golden_svm.py
"""
import json

import numpy as np
import sklearn
from scipy import sparse
from sklearn.svm import LinearSVC

N, D, EACH = 300, 800, 12
rng = np.random.default_rng(17)
index = [sorted(set((D * rng.random(EACH) ** 3).astype(int).tolist())) for _ in range(N)]
value = [rng.gamma(2, .5, len(r)).round(3).tolist() for r in index]
truth = rng.normal(size=D)
x = sparse.csr_matrix((np.concatenate(value), np.concatenate(index), np.cumsum([0] + [len(r) for r in index])), shape=(N, D))
y = (x @ truth + rng.normal(size=N) > .5).astype(int)
weights = rng.integers(0, 4, N).astype(float)


def fit(c, bias=1.0, use=False, classes=None):
    out, best = {"c": c, "bias": bias, "weighted": use, "classes": [classes[0], classes[1]] if classes else None}, None
    s = (weights if use else np.ones(N)) * (np.where(y == 1, classes[1], classes[0]) if classes else 1)
    for dual in (False, True):
        m = LinearSVC(C=c, dual=dual, tol=1e-9, max_iter=20_000, fit_intercept=bias > 0, intercept_scaling=bias or 1, class_weight=classes, random_state=0)
        m.fit(x, y, sample_weight=weights if use else None)
        w, b = m.coef_[0], float(np.ravel(m.intercept_)[0]) if bias else 0.0
        hinge = np.maximum(0, 1 - (2 * y - 1) * (x @ w + b))
        f = float(w @ w / 2 + ((b / bias) ** 2 / 2 if bias else 0) + c * (s * hinge ** 2).sum())
        out["dual" if dual else "primal"] = f
        if best is None or f < best:
            best, out["intercept"], out["coef"] = f, b, {str(j): v for j, v in enumerate(w) if v}
    return out


out = {
    "provenance": {"tool": "scikit-learn", "version": sklearn.__version__, "command": "python golden_svm.py"},
    "columns": D, "index": index, "value": value, "label": y.tolist(), "weights": weights.tolist(),
    "fits": [fit(1.0), fit(.01), fit(10.0), fit(1.0, bias=10.0), fit(1.0, bias=0.0), fit(.5, use=True), fit(1.0, classes={0: 1.0, 1: 3.0})],
}
for f in out["fits"]:
    print(f["c"], f["primal"], f["dual"])
json.dump(out, open("svm.json", "w"))
