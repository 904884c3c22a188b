"""Golden numbers of paired comparisons of models.

    python golden_comparescores.py > comparescores.json

McNemar's test by statsmodels; DeLong's and the corrected resampled t test by their formulas, in numpy and scipy.
"""
import json
import platform
from importlib.metadata import version

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

rng = np.random.default_rng(37)


def delong(n):
    y = rng.uniform(size=n) < 0.4
    base = rng.normal(size=n) + y
    a, b = np.round(base + rng.normal(size=n), 1), np.round(base + 0.5 * rng.normal(size=n), 1)
    parts = []
    for s in (a, b):
        psi = (s[y][:, None] > s[~y][None, :]) + 0.5 * (s[y][:, None] == s[~y][None, :])
        parts.append((psi.mean(1), psi.mean(0), psi.mean()))
    s10 = np.cov(np.vstack([q[0] for q in parts])) / y.sum()
    s01 = np.cov(np.vstack([q[1] for q in parts])) / (~y).sum()
    cov = s10 + s01
    d = parts[1][2] - parts[0][2]
    se = np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    return {"y": y.tolist(), "a": a.tolist(), "b": b.tolist(), "areaA": float(parts[0][2]), "areaB": float(parts[1][2]), "se": float(se), "p": float(2 * stats.norm.sf(abs(d / se)))}


def correct(n, pa, pb):
    a, b = rng.uniform(size=n) < pa, rng.uniform(size=n) < pb
    t = [[int(np.sum(a & b)), int(np.sum(a & ~b))], [int(np.sum(~a & b)), int(np.sum(~a & ~b))]]
    return {"a": a.tolist(), "b": b.tolist(), "p": float(mcnemar(t, exact=True).pvalue)}


def folds(k, repeats):
    a = rng.normal(0.8, 0.02, size=k * repeats)
    b = a + rng.normal(0.01, 0.015, size=k * repeats)
    d, j, ratio = b - a, k * repeats, 1 / (k - 1)
    se = np.sqrt((1 / j + ratio) * np.var(d, ddof=1))
    t = d.mean() / se
    half = stats.t.ppf(0.975, j - 1) * se
    return {"a": a.tolist(), "b": b.tolist(), "ratio": ratio, "se": float(se), "t": float(t), "p": float(2 * stats.t.sf(abs(t), j - 1)), "low": float(d.mean() - half), "high": float(d.mean() + half)}


print(json.dumps({
    "provenance": {
        "tool": "statsmodels, scipy, numpy", "version": f"statsmodels {version('statsmodels')}, scipy {version('scipy')}, numpy {np.__version__}, Python {platform.python_version()}",
        "command": "python golden_comparescores.py > comparescores.json",
    },
    "delong": [delong(30), delong(120)], "correct": [correct(30, 0.6, 0.8), correct(400, 0.7, 0.72)], "folds": [folds(5, 1), folds(10, 5)],
}))
