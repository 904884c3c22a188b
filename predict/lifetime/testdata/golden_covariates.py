"""Numbers for FitCovariates and FitHazard: python golden_covariates.py > covariates.json

The likelihoods of BG/NBD (Fader, Hardie, Lee 2005) and Pareto/NBD (Fader, Hardie 2005) with time-invariant covariates, by
SciPy's gammaln and hyp2f1, maximised by BFGS and Nelder-Mead, standard errors by central differences; statsmodels' GLM on one
row for each case and period.
"""
import json
import numpy as np, pandas as pd, scipy, statsmodels, statsmodels.api as sm
from scipy.special import gammaln, hyp2f1
from scipy.optimize import minimize

rng = np.random.default_rng(18)
n = 240
z = np.column_stack([rng.integers(0, 2, n), np.round(rng.normal(2, 1, n), 2)]).astype(float)
T = np.round(rng.uniform(25, 52, n), 2)
x, tx = np.zeros(n, int), np.zeros(n)
for i in range(n):
    lam = rng.gamma(.9) / 8 * np.exp(.6 * z[i, 0] - .2 * z[i, 1])
    life = rng.exponential() / (rng.gamma(1.1) / 25 * np.exp(-.5 * z[i, 0] + .3 * z[i, 1]))
    t = rng.exponential() / lam
    while t < min(life, T[i]):
        x[i], tx[i] = x[i] + 1, max(round(t, 2), .01)
        t += rng.exponential() / lam


def bgnbd(q):
    r, al, a, b = np.exp(q[:4])
    al, a, b = al * np.exp(-z @ q[4:6]), a * np.exp(z @ q[6:8]), b * np.exp(z @ q[6:8])
    a1 = gammaln(r + x) - gammaln(r) + r * np.log(al)
    a2 = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    a3 = -(r + x) * np.log(al + T)
    a4 = np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(al + tx), -np.inf)
    return float(np.sum(a1 + a2 + np.logaddexp(a3, a4)))


def pareto(q):
    r, al, s, be = np.exp(q[:4])
    al, be = al * np.exp(-z @ q[4:6]), be * np.exp(-z @ q[6:8])
    big, w = np.maximum(al, be), np.where(al >= be, s + 1, r + x)
    gap = np.abs(al - be)
    f = lambda t: hyp2f1(r + s + x, w, r + s + x + 1, gap / (big + t)) / (big + t) ** (r + s + x)
    lead = gammaln(r + x) - gammaln(r) + r * np.log(al) + s * np.log(be)
    return float(np.sum(lead + np.log(np.exp(-(r + x) * np.log(al + T) - s * np.log(be + T)) + s / (r + s + x) * (f(tx) - f(T)))))


def fit(ll, start):
    f = lambda q: -ll(q) / n
    best = minimize(f, start, method="BFGS", options={"gtol": 1e-9})
    for _ in range(3):
        best = minimize(f, best.x, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-15, "maxiter": 20000, "maxfev": 20000})
    q, e, k = best.x, 2e-3, len(start)
    H = np.zeros((k, k))
    step = lambda i, s, j, t: q + s * np.eye(k)[i] + t * np.eye(k)[j]
    for i in range(k):
        for j in range(k):
            H[i, j] = -(ll(step(i, e, j, e)) - ll(step(i, e, j, -e)) - ll(step(i, -e, j, e)) + ll(step(i, -e, j, -e))) / (4 * e * e)
    se = np.sqrt(np.diag(np.linalg.inv(H)))
    return {"params": np.concatenate([np.exp(q[:4]), q[4:]]).tolist(), "stderrs": np.concatenate([np.exp(q[:4]) * se[:4], se[4:]]).tolist(), "ll": ll(q)}


start = np.array([0, 2, 0, 1, 0, 0, 0, 0.])
out = {"provenance": {"tool": "SciPy, statsmodels", "version": scipy.__version__ + ", " + statsmodels.__version__, "command": "python golden_covariates.py > covariates.json"},
       "rows": z.tolist(), "customers": [[int(a), float(b), float(c)] for a, b, c in zip(x, tx, T)],
       "bgnbd": fit(bgnbd, start), "pareto": fit(pareto, np.array([0, 2, 0, 3, 0, 0, 0, 0.]))}
# Discrete time: the months that a contract lasted, by the same columns.
h = 1 / (1 + np.exp(1.8 - .5 * z[:, 0] - .2 * z[:, 1]))
last = np.minimum(rng.geometric(h), 60)
watched = rng.integers(3, 13, n)
ended, last = last <= watched, np.minimum(last, watched)
out["lasted"], out["ended"] = last.tolist(), [bool(b) for b in ended]
long = pd.DataFrame([(t, z[i, 0], z[i, 1], float(ended[i] and t == last[i])) for i in range(n) for t in range(1, last[i] + 1)], columns=["t", "a", "b", "y"])
told = long.groupby("t").y.transform("sum") > 0
D = pd.get_dummies(long.t[told], dtype=float).join(long[["a", "b"]][told])
for name, link in (("logit", sm.families.links.Logit()), ("cloglog", sm.families.links.CLogLog())):
    g = sm.GLM(long.y[told], D, family=sm.families.Binomial(link=link)).fit(tol=1e-14, maxiter=200)
    cov = np.linalg.inv(-g.model.hessian(g.params.values, observed=True))
    out[name] = {"params": [float(g.params["a"]), float(g.params["b"])], "stderrs": np.sqrt(np.diag(cov))[-2:].tolist(), "ll": float(g.llf),
                 "levels": {str(k): float(v) for k, v in g.params.items() if k not in ("a", "b")}}
print(json.dumps(out))
