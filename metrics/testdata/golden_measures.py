"""Golden numbers of measures of several classes, censored durations and samples of a forecast.

    python golden_measures.py > measures.json
"""
import json
import platform
from importlib.metadata import version

import numpy as np
from lifelines.utils import concordance_index
from properscoring import crps_ensemble
from sklearn.metrics import log_loss
from sksurv.metrics import concordance_index_censored

rng = np.random.default_rng(31)
n = 50
p = rng.dirichlet([2, 1, 0.3], size=n)
y = np.array([rng.choice(3, p=row) for row in p])
p[0], y[0] = [1, 0, 0], 1
w = rng.integers(0, 4, size=n).astype(float)
times = rng.integers(1, 15, size=n).astype(float)
ended = rng.uniform(size=n) < 0.6
risk = np.round(-times / 5 + rng.normal(size=n), 1)
c = concordance_index_censored(ended, times, risk)[0]
assert abs(c - concordance_index(times, -risk, ended)) < 1e-12
actual = rng.normal(size=12)
samples = rng.normal(size=(12, 30))
print(json.dumps({
    "provenance": {
        "tool": "scikit-learn, lifelines and scikit-survival, properscoring",
        "version": f"scikit-learn {version('scikit-learn')}, lifelines {version('lifelines')}, scikit-survival {version('scikit-survival')}, properscoring {version('properscoring')}, Python {platform.python_version()}",
        "command": "python golden_measures.py > measures.json",
    },
    "p": p.tolist(), "y": y.tolist(), "weights": w.tolist(), "logLoss": float(log_loss(y, p, labels=[0, 1, 2])), "weightedLogLoss": float(log_loss(y, p, labels=[0, 1, 2], sample_weight=w)),
    "brier": float(np.mean(np.sum((p - np.eye(3)[y]) ** 2, axis=1))),
    "times": times.tolist(), "ended": ended.tolist(), "risk": risk.tolist(), "concordance": float(c),
    "actual": actual.tolist(), "samples": samples.tolist(), "crps": float(np.mean(crps_ensemble(actual, samples))),
}))
