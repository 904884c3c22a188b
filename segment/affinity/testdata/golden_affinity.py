"""Writes affinity.json: python golden_affinity.py > affinity.json (numpy, scipy)."""

import json
from importlib.metadata import version

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import false_discovery_control, fisher_exact, norm

customers = np.array([420, 300, 150, 80])
buyers = np.array([[130, 60, 5, 210], [90, 44, 33, 150], [20, 21, 0, 77], [25, 11, 12, 80]])
n, cells, ps = int(customers.sum()), [], []
z = norm.ppf(1 - 0.05 / buyers.size / 2)


def score(ratio, y, m, x, rest):
    """Koopman (1984): the z of a ratio of rates, at the likeliest rates that have it."""

    def loss(p):
        q = min(ratio * p, 1.0)
        terms = [(x, p), (rest - x, 1 - p), (y, q), (m - y, 1 - q)]
        return -sum(k * np.log(max(v, 1e-300)) for k, v in terms if k > 0)

    p = minimize_scalar(loss, bounds=(1e-12, min(1, 1 / ratio) - 1e-13), method="bounded", options={"xatol": 1e-13}).x
    q = min(ratio * p, 1.0)
    return (y / m - ratio * x / rest) / np.sqrt(q * (1 - q) / m + ratio**2 * p * (1 - p) / rest)


for i, m in enumerate(customers):
    for k in range(buyers.shape[1]):
        m, y, x = int(m), int(buyers[i, k]), int(buyers[:, k].sum() - buyers[i, k])
        rest = n - m
        p = fisher_exact([[x, rest - x], [y, m - y]])[1]
        rho, w = y / m / (x / rest), m / n
        low = brentq(lambda r: score(r, y, m, x, rest) - z, rho / 50, rho) if y else 0.0
        high = brentq(lambda r: score(r, y, m, x, rest) + z, max(rho, 1e-6), max(rho, 0.05) * 20)
        lift = lambda r: 0.0 if not r > 0 else float(1 / (w + (1 - w) / r))
        cells.append({"lift": float(y / m / ((x + y) / n)), "low": lift(low), "high": lift(high), "p": float(p)})
        ps.append(p)
for c, q in zip(cells, false_discovery_control(ps)):
    c["q"] = float(q)
print(json.dumps({
    "provenance": {"tool": "scipy", "version": version("scipy"), "command": "python golden_affinity.py > affinity.json"},
    "customers": customers.tolist(), "buyers": buyers.tolist(), "cells": cells,
}))
