"""NMF by coordinate descent from scikit-learn, from given start vectors.

usage: python golden_nmf.py > nmf.json
"""
import json
import warnings

import numpy as np
import sklearn
from sklearn.decomposition import NMF

warnings.filterwarnings("ignore")
rng = np.random.default_rng(9)
users, items, f, steps = 40, 22, 4, 12
group = (np.arange(users)[:, None] % 4) == (np.arange(items)[None, :] % 4)
m = (rng.random((users, items)) < np.where(group, 0.6, 0.15)) * rng.integers(1, 5, (users, items))
m = m.astype(float)
w0 = np.abs(rng.normal(size=(users, f))).astype(np.float32)
h0 = np.abs(rng.normal(size=(items, f))).astype(np.float32)
ptr, col, val = [0], [], []
for row in m:
    at = np.flatnonzero(row)
    col += at.tolist()
    val += row[at].tolist()
    ptr.append(len(col))


def run(l1, l2, n):
    # scikit-learn scales alpha_W by the number of items and alpha_H by that of users
    total = l1 + l2
    ratio = l1 / total if total else 0.0
    model = NMF(n_components=f, init="custom", solver="cd", shuffle=False, tol=0, max_iter=n,
                alpha_W=total / items, alpha_H=total / users, l1_ratio=ratio)
    w = model.fit_transform(m, W=w0.astype(float), H=np.ascontiguousarray(h0.T.astype(float)))
    h = model.components_.T
    loss = 0.5 * np.sum((m - w @ h.T) ** 2) + l1 * (w.sum() + h.sum()) + 0.5 * l2 * (np.sum(w**2) + np.sum(h**2))
    return loss, h


cases = []
for l1, l2 in [(0, 0), (0, 2), (0.5, 0), (0.3, 1)]:
    cases.append({"l1": l1, "l2": l2, "loss": [run(l1, l2, n + 1)[0] for n in range(steps)], "h": run(l1, l2, steps)[1].ravel().tolist()})
print(json.dumps({
    "provenance": {"tool": "scikit-learn", "version": sklearn.__version__, "command": "python recommend/testdata/golden_nmf.py"},
    "users": users, "items": items, "factors": f, "ptr": ptr, "col": col, "val": val,
    "w0": w0.ravel().tolist(), "h0": h0.ravel().tolist(), "cases": cases,
}))
