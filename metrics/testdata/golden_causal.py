"""Makes causal.json of this folder: python golden_causal.py

Needs numpy, scipy, statsmodels.
"""
import importlib.metadata as md
import json
import numpy as np
import statsmodels.api as sm
from scipy import stats

rng = np.random.default_rng(5)
out = {}
# Cluster-robust difference of means: regression on an arm dummy, no small-sample factor, per-arm parts kept apart.
g, y, t = [], [], []
for k in range(36):
    m = rng.integers(3, 20)
    e = rng.normal(0, 1)
    g += [k] * m
    t += [k % 2] * m
    y += list(5 + .8 * (k % 2) + e + rng.normal(0, 2, m))
g, y, t = map(np.array, (g, y, t))
fit = sm.OLS(y, sm.add_constant(t)).fit(cov_type="cluster", cov_kwds={"groups": g, "use_correction": False})
out["cluster"] = {"g": g, "y": y, "t": t, "diff": fit.params[1], "se": fit.bse[1] * np.sqrt(18 / 17)}  # 18 clusters in each arm
# Difference-in-differences, clustered by unit, two periods before and three after.
unit, post, treated, yy = [], [], [], []
for u in range(50):
    a = rng.normal(0, 2)
    for p in range(5):
        if rng.uniform() < .1:
            continue
        unit.append(u); post.append(int(p >= 2)); treated.append(u % 2)
        yy.append(10 + a + .5 * p + (u % 2) * .7 + 1.2 * (u % 2) * (p >= 2) + rng.normal())
unit, post, treated, yy = map(np.array, (unit, post, treated, yy))
X = np.column_stack([np.ones(len(yy)), treated, post, treated * post])
fit = sm.OLS(yy, X).fit(cov_type="cluster", cov_kwds={"groups": unit, "use_correction": False})
out["did"] = {"unit": unit, "post": post, "treated": treated, "y": yy, "diff": fit.params[3], "se": fit.bse[3] * np.sqrt(25 / 24)}
# Interrupted series with Newey-West.
out["its"] = []
for n, at, lags in [(60, 40, 3), (100, 30, 0), (36, 20, 4)]:
    e = np.zeros(n)
    for i in range(n):
        e[i] = (.4 * e[i - 1] if i else 0) + rng.normal()
    x = np.arange(n)
    s = 20 + .3 * x + 4 * (x >= at) - .2 * (x >= at) * (x - at) + e
    X = np.column_stack([np.ones(n), x, x >= at, (x >= at) * (x - at)]).astype(float)
    fit = sm.OLS(s, X).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True)
    out["its"].append({"y": s, "at": at, "lags": lags, "params": fit.params, "se": fit.bse, "p": fit.pvalues, "ci": fit.conf_int()})
# AR(1) errors by dense matrices: expected residual autocorrelation solved for rho.
from scipy.optimize import brentq
out["ar1"] = []
for c in out["its"]:
    n, at = len(c["y"]), c["at"]
    x = np.arange(n)
    X = np.column_stack([np.ones(n), x, x >= at, (x >= at) * (x - at)]).astype(float)
    P = np.linalg.inv(X.T @ X)
    M = np.eye(n) - X @ P @ X.T
    e = M @ c["y"]
    seen = (e[1:] * e[:-1]).sum() / (e ** 2).sum()
    S = lambda r: r ** np.abs(np.subtract.outer(x, x))
    def gap(r):
        C = M @ S(r) @ M
        return np.diag(C, 1).sum() / np.trace(C) - seen
    rho = brentq(gap, -.94, .96, xtol=1e-14)
    V = P @ X.T @ S(rho) @ X @ P * (e ** 2).sum() / np.trace(M @ S(rho))
    out["ar1"].append({"y": c["y"], "at": at, "rho": rho, "params": P @ X.T @ c["y"], "se": np.sqrt(np.diag(V))})
# Cochran's Q.
est, se = np.array([.3, -.1, .5, .2]), np.array([.1, .2, .15, .3])
w = 1 / se ** 2
mean = np.sum(w * est) / np.sum(w)
q = np.sum(w * (est - mean) ** 2)
out["q"] = {"est": est, "se": se, "mean": mean, "q": q, "p": stats.chi2.sf(q, 3)}
# Winsorised Welch test: numpy's default quantile is type 7.
a, b = rng.lognormal(3, 1.4, 80), rng.lognormal(3.2, 1.4, 90)
cap = np.quantile(np.concatenate([a, b]), .95)
r = stats.ttest_ind(np.minimum(b, cap), np.minimum(a, cap), equal_var=False)
out["winsor"] = {"a": a, "b": b, "cap": cap, "t": r.statistic, "p": r.pvalue}
prov = {"tool": "statsmodels, scipy, numpy", "version": ", ".join(md.version(m) for m in ("statsmodels", "scipy", "numpy")), "command": "python golden_causal.py"}
with open("causal.json", "w") as f:
    json.dump({"provenance": prov, **out}, f, default=lambda x: x.tolist())
    f.write("\n")
