"""SLIM from scikit-learn's ElasticNet, item by item.

usage: python golden_slim.py > slim.json
"""
import json

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNet

rng = np.random.default_rng(3)
users, items = 90, 18
group = (np.arange(users)[:, None] % 3) == (np.arange(items)[None, :] % 3)
m = (rng.random((users, items)) < np.where(group, 0.55, 0.25)) * rng.integers(1, 5, (users, items))
m = m.astype(float)
ptr, col, val = [0], [], []
for row in m:
    at = np.flatnonzero(row)
    col += at.tolist()
    val += row[at].tolist()
    ptr.append(len(col))


def weights(x, l1, l2, positive):
    # scikit-learn minimises 1/(2n)·‖y - Xw‖² + a·ρ·‖w‖₁ + a(1-ρ)/2·‖w‖²
    b = np.zeros((items, items))
    for i in range(items):
        a = x.copy()
        a[:, i] = 0
        net = ElasticNet(alpha=(l1 + l2) / users, l1_ratio=l1 / (l1 + l2), fit_intercept=False, positive=positive,
                         tol=1e-12, max_iter=100000)
        b[:, i] = net.fit(a, x[:, i]).coef_
        b[i, i] = 0
    return b.ravel().tolist()


cases = []
for l1, l2, positive, use in [(1, 5, True, False), (3, 0.5, True, False), (2, 20, True, True), (2, 5, False, False), (4, 10, False, True)]:
    x = m if use else (m > 0).astype(float)
    cases.append({"l1": l1, "l2": l2, "signed": not positive, "weights": use, "b": weights(x, l1, l2, positive)})
print(json.dumps({
    "provenance": {"tool": "scikit-learn", "version": sklearn.__version__, "command": "python recommend/testdata/golden_slim.py"},
    "users": users, "items": items, "ptr": ptr, "col": col, "val": val, "cases": cases,
}))
