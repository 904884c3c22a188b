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
# AR(1) errors by dense matrices: Student's t of generalised least squares given rho,
# mixed over a fine grid of rho by the restricted likelihood and the prior 1/(1 + rho),
# for the jump 1/((1 - rho^2) |d ln b/d rho|) with b^2 its precision.
from scipy.optimize import brentq, minimize_scalar
out["ar1"] = []
for c in out["its"]:
    n, at = len(c["y"]), c["at"]
    x = np.arange(n)
    X = np.column_stack([np.ones(n), x, x >= at, (x >= at) * (x - at)]).astype(float)
    S = lambda r: r ** np.abs(np.subtract.outer(x, x)) / (1 - r * r)

    def fit(r):
        Vi = np.linalg.inv(S(r))
        A = np.linalg.inv(X.T @ Vi @ X)
        b = A @ X.T @ Vi @ c["y"]
        e = c["y"] - X @ b
        rss = e @ Vi @ e
        return A, b, rss / (n - 4), -.5 * np.linalg.slogdet(S(r))[1] + .5 * np.linalg.slogdet(A)[1] - (n - 4) / 2 * np.log(rss)
    th = np.linspace(-3, 3, 4001)
    th = (th[1:] + th[:-1]) / 2
    rho = np.tanh(th)
    A, b, s2, ll = map(np.array, zip(*map(fit, rho)))
    W = np.exp(ll - ll.max()) * (1 - rho ** 2)
    common = W / (1 + rho)
    common /= common.sum()
    mean = common @ b
    row = {"y": c["y"], "at": at, "rho": minimize_scalar(lambda r: -fit(r)[3], bounds=(-.9, .99), options={"xatol": 1e-12}).x,
           "params": mean, "effects": []}
    for j in (2, 3):
        v = A[:, j, j]
        w = common
        if j == 2:
            w = W / ((1 + rho) * np.maximum(.1, .5 * np.gradient(np.log(v), rho) * (1 - rho)))
            w /= w.sum()
        sd = np.sqrt(s2 * v)
        cdf = lambda z: w @ stats.t.cdf((z - b[:, j]) / sd, n - 4)
        q = [brentq(lambda z: cdf(z) - p, mean[j] - 99, mean[j] + 99, xtol=1e-12) for p in (.025, .975)]
        row["effects"].append([mean[j], np.sqrt(w @ (sd ** 2 + (b[:, j] - mean[j]) ** 2)), *q, 2 * min(cdf(0), 1 - cdf(0))])
    out["ar1"].append(row)
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
