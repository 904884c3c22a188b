"""EASE, EDLAE and RDLAE from the formulas of the papers, by numpy in float64.

usage: python golden_ease.py > ease.json
"""
import json

import numpy as np

rng = np.random.default_rng(11)
users, items = 50, 14
m = (rng.random((users, items)) < 0.3) * rng.integers(1, 5, (users, items))
ptr, col, val = [0], [], []
for row in m:
    at = np.flatnonzero(row)
    col += at.tolist()
    val += row[at].tolist()
    ptr.append(len(col))


def solve(lam, dropout, xi, weights):
    x = m.astype(float) if weights else (m > 0).astype(float)
    g = x.T @ x
    penalty = lam + dropout / (1 - dropout) * np.diag(g)
    p = np.linalg.inv(g + np.diag(penalty))
    mult = (1 - xi) / np.diag(p)
    mult = np.where(1 - np.diag(p) * penalty > xi, mult, penalty)
    return np.eye(items) - p * mult[None, :]


cases = []
for lam, dropout, xi, weights in [(5, 0, 0, False), (200, 0, 0, True), (5, 0.4, 0, False), (2, 0.3, 0.25, False), (20, 0.6, 0.5, True)]:
    cases.append({"lambda": lam, "dropout": dropout, "diagonal": xi, "weights": weights, "b": solve(lam, dropout, xi, weights).ravel().tolist()})
print(json.dumps({
    "provenance": {"tool": "numpy", "version": np.__version__, "command": "python recommend/testdata/golden_ease.py"},
    "users": users, "items": items, "ptr": ptr, "col": col, "val": val, "cases": cases,
}))
