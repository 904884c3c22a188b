"""Makes fairness.json of this folder and, of one stream of random numbers,
policy.json of causal and paired.json of experiment: python golden_policy.py

Needs numpy, scipy, fairlearn. Off-policy estimators are the formulas of the
papers in numpy, one line each.
"""
import importlib.metadata as md
import json
import numpy as np
from scipy import stats
from fairlearn import metrics as fl

rng = np.random.default_rng(11)
out = {}
n, k = 400, 4
base = rng.dirichlet(np.ones(k) * 2, n) * .9 + .1 / k
target = rng.dirichlet(np.ones(k), n)
truth = rng.uniform(0, 1, (n, k))
q = truth + rng.normal(0, .2, (n, k))
a = np.array([rng.choice(k, p=p) for p in base])
i = np.arange(n)
r = rng.binomial(1, truth[i, a]) * 1.0
p, t, pred, val = base[i, a], target[i, a], q[i, a], (target * q).sum(1)
w = t / p
est = {"ips": w * r, "clip": np.minimum(w, 3) * r, "dm": val, "dr": val + w * (r - pred), "switch": val + w * (w <= 2) * (r - pred)}
out["policy"] = {"reward": r, "propensity": p, "target": t, "predicted": pred, "value": val, "clip": 3, "switch": 2,
                 "ess": w.sum() ** 2 / (w ** 2).sum(), "snips_value": (w * r).sum() / w.sum(),
                 "snips_se": np.sqrt(np.mean((w * (r - (w * r).sum() / w.sum())) ** 2) / (n - 1)) / w.mean(),
                 **{m + "_value": x.mean() for m, x in est.items()}, **{m + "_se": x.std(ddof=1) / np.sqrt(n) for m, x in est.items()},
                 "dr_gain_se": (est["dr"] - r).std(ddof=1) / np.sqrt(n)}
g = rng.integers(0, 4, 600)
y = (rng.uniform(size=600) < .3 + .1 * g / 3).astype(int)
d = (rng.uniform(size=600) < .2 + .3 * y + .05 * g).astype(int)
kw = dict(sensitive_features=g)
out["fairness"] = {"group": g, "actual": y, "predicted": d,
                   "parity_difference": fl.demographic_parity_difference(y, d, **kw), "parity_ratio": fl.demographic_parity_ratio(y, d, **kw),
                   "odds_difference": fl.equalized_odds_difference(y, d, **kw), "odds_ratio": fl.equalized_odds_ratio(y, d, **kw),
                   "opportunity": fl.equal_opportunity_difference(y, d, **kw)}
u, v = rng.beta(2, 3, 60), None
v = np.clip(u + rng.normal(.03, .12, 60), 0, 1)
perm = stats.permutation_test((v, u), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=200000, rng=1)
boot = stats.bootstrap((v - u,), np.mean, n_resamples=100000, method="percentile", rng=1)
small_a, small_b = rng.normal(0, 1, 9), rng.normal(.6, 1, 9)
exact = stats.permutation_test((small_b, small_a), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf)
out["paired"] = {"a": u, "b": v, "p": perm.pvalue, "se": boot.standard_error, "ci": [boot.confidence_interval.low, boot.confidence_interval.high],
                 "small_a": small_a, "small_b": small_b, "exact": exact.pvalue}
prov = {"tool": "numpy, scipy, fairlearn", "version": ", ".join(md.version(m) for m in ("numpy", "scipy", "fairlearn")), "command": "python golden_policy.py"}
for name, path in ("policy", "../causal/testdata/policy.json"), ("fairness", "fairness.json"), ("paired", "../experiment/testdata/paired.json"):
    with open(path, "w") as f:
        json.dump({"provenance": prov, name: out[name]}, f, default=lambda x: x.tolist())
        f.write("\n")
