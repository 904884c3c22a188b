"""Writes models.json: python golden_models.py > models.json (scikit-learn, numpy)."""

import json

import numpy as np
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.mixture import GaussianMixture

rng = np.random.default_rng(11)
centres = np.array([[0, 0, 0], [6, 0, 1], [0, 7, -2], [8, 8, 3.0]])
which = rng.integers(0, 4, 240)
rows = np.round(centres[which] + rng.normal(0, 1, (240, 3)) @ np.array([[1, 0.5, 0], [0, 0.8, 0.3], [0, 0, 0.6]]), 3)

mixtures = {}
for kind in ["diag", "full"]:
    m = GaussianMixture(4, covariance_type=kind, tol=1e-12, max_iter=2000, n_init=5, random_state=0).fit(rows)
    mixtures[kind] = {
        "weights": m.weights_.tolist(), "means": m.means_.tolist(), "covariances": m.covariances_.reshape(4, -1).tolist(),
        "likelihood": float(m.score_samples(rows).sum()), "bic": float(m.bic(rows)), "shares": m.predict_proba(rows[:5]).tolist(),
    }
scans = []
for eps, least in [(0.8, 5), (1.1, 8), (1.6, 4)]:
    s = DBSCAN(eps=eps, min_samples=least).fit(rows)
    scans.append({"radius": eps, "min_rows": least, "labels": s.labels_.tolist(), "core": sorted(int(i) for i in s.core_sample_indices_)})
print(json.dumps({
    "provenance": {
        "tool": "scikit-learn, numpy", "version": f"{sklearn.__version__}, {np.__version__}", "command": "python golden_models.py > models.json",
    },
    "rows": rows.tolist(), "mixtures": mixtures, "scans": scans,
}))
