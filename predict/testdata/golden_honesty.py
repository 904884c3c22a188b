"""Golden numbers of conformal prediction, beta calibration and the change of priors.

    python golden_honesty.py > honesty.json

crepes (conformal regressors and classifiers, by group and by class), betacal, statsmodels; CV+ and the EM of
Saerens et al. as their papers have them, in numpy.
"""
import json
import platform
from importlib.metadata import version

import numpy as np
import statsmodels.api as sm
from betacal import BetaCalibration
from crepes import ConformalClassifier, ConformalRegressor

rng = np.random.default_rng(17)


def numbers(a):
    return [x if np.isfinite(x) else ("Inf" if x > 0 else "-Inf") for x in np.asarray(a, float).ravel().tolist()]


def conformal():
    n = 60
    y = rng.normal(size=n).round(3)
    yhat = (y + rng.normal(scale=0.7, size=n)).round(3)
    groups = rng.integers(0, 3, size=n)
    new = rng.normal(size=6).round(3)
    new_groups = np.array([0, 1, 2, 0, 1, 2])
    out = {"y": y.tolist(), "predicted": yhat.tolist(), "groups": groups.tolist(), "new": new.tolist(), "newGroups": new_groups.tolist(), "levels": []}
    for level in (0.8, 0.9, 0.95):
        r = ConformalRegressor().fit(residuals=y - yhat)
        m = ConformalRegressor().fit(residuals=y - yhat, bins=groups)
        out["levels"].append({
            "level": level,
            "split": numbers(r.predict_int(new, confidence=level)),
            "mondrian": numbers(m.predict_int(new, bins=new_groups, confidence=level)),
        })
    return out


def sets():
    n, k = 80, 3
    p = rng.dirichlet([1.5, 1, 0.5], size=n).round(6)
    y = np.array([rng.choice(k, p=row / row.sum()) for row in p])
    new = rng.dirichlet([1.5, 1, 0.5], size=12).round(6)
    out = {"p": p.tolist(), "y": y.tolist(), "new": new.tolist(), "levels": []}
    alphas = 1 - p[np.arange(n), y]
    for level in (0.7, 0.9):
        split = ConformalClassifier().fit(alphas).predict_set(1 - new, confidence=level, smoothing=False)
        by_class = np.zeros_like(split)
        for c in range(k):
            m = ConformalClassifier().fit(alphas[y == c])
            by_class[:, c] = m.predict_set(1 - new, confidence=level, smoothing=False)[:, c]
        out["levels"].append({"level": level, "split": split.astype(int).tolist(), "byClass": by_class.astype(int).tolist()})
    return out


def cross():
    """CV+ of Barber et al. 2021, equation 11, by their order statistics, in numpy."""
    n, k = 40, 5
    x = rng.normal(size=n)
    y = (2 * x + rng.normal(size=n)).round(4)
    fold = np.arange(n) % k
    slope = [np.dot(x[fold != f], y[fold != f]) / np.dot(x[fold != f], x[fold != f]) for f in range(k)]
    predicted = np.array([slope[fold[i]] * x[i] for i in range(n)])
    residual = np.abs(y - predicted)
    new = np.array([-1.5, 0.2, 3.0])
    out = {"y": y.tolist(), "fold": fold.tolist(), "predicted": predicted.tolist(), "byFold": [[s * v for s in slope] for v in new], "levels": []}
    for level in (0.8, 0.9, 0.99):
        rows = []
        for v in new:
            mu = np.array([slope[f] * v for f in fold])
            lo, hi = np.sort(mu - residual), np.sort(mu + residual)
            down, up = int(np.floor((n + 1) * (1 - level) + 1e-9)), int(np.ceil((n + 1) * level - 1e-9))
            rows.append([lo[down - 1] if down >= 1 else -np.inf, hi[up - 1] if up <= n else np.inf])
        out["levels"].append({"level": level, "interval": numbers(rows)})
    return out


def beta():
    cases = []
    for name, a, b, c in (("inverse sigmoid", 0.4, 0.5, 0.2), ("sigmoid", 2.5, 1.8, -0.5), ("a negative", -0.6, 2.0, 0.0), ("b negative", 2.0, -0.5, 0.0)):
        s = rng.uniform(0.01, 0.99, size=400).round(6)
        q = 1 / (1 + np.exp(-(a * np.log(s) - b * np.log(1 - s) + c)))
        y = (rng.uniform(size=400) < q).astype(int)
        m = BetaCalibration("abm").fit(s.reshape(-1, 1), y)
        x = np.column_stack([np.log(s), -np.log1p(-s)])
        free = sm.Logit(y, sm.add_constant(x)).fit(disp=0, method="newton", maxiter=100, tol=1e-14).params
        one = [j for j in (0, 1) if free[1 + j] >= 0]
        only = sm.Logit(y, sm.add_constant(x[:, one])).fit(disp=0, method="newton", maxiter=100, tol=1e-14).params
        best = [0.0, 0.0, only[0]]
        for j, v in zip(one, only[1:]):
            best[j] = v
        at = np.array([0.0, 0.05, 0.3, 0.5, 0.9, 1.0])
        cases.append({"name": name, "p": s.tolist(), "y": y.tolist(), "at": at.tolist(), "abc": best, "prob": m.predict(at.reshape(-1, 1)).ravel().tolist()})
    return cases


def prior():
    p = rng.beta(2, 5, size=300).round(6)
    trained, pi = 0.2857, 0.2857
    for _ in range(200000):
        up, down = pi / trained * p, (1 - pi) / (1 - trained) * (1 - p)
        new = float(np.mean(up / (up + down)))
        if abs(new - pi) < 1e-15:
            break
        pi = new
    up, down = pi / trained * p, (1 - pi) / (1 - trained) * (1 - p)
    return {"p": p.tolist(), "trained": trained, "actual": pi, "corrected": (up / (up + down))[:20].tolist()}


print(json.dumps({
    "provenance": {
        "tool": "crepes, betacal, statsmodels, numpy", "version": f"crepes {version('crepes')}, betacal {version('betacal')}, statsmodels {version('statsmodels')}, scikit-learn {version('scikit-learn')}, numpy {np.__version__}, Python {platform.python_version()}",
        "command": "python golden_honesty.py > honesty.json",
    },
    "conformal": conformal(), "sets": sets(), "cross": cross(), "beta": beta(), "prior": prior(),
}))
