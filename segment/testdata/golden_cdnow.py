"""Writes cdnow.json: python golden_cdnow.py CDNOW_master.txt.gz > cdnow.json (pandas, lifelines, scikit-learn, fastcluster).

Figures alone, no rows: the data are read again by the test."""

import json
import sys
from importlib.metadata import version

import fastcluster
import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from scipy.cluster.hierarchy import fcluster
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

log = pd.read_csv(sys.argv[1], sep=r"\s+", skiprows=1, names=["id", "date", "cds", "dollars"])
log["day"] = pd.to_datetime(log["date"].astype(str), format="%Y%m%d")
log["cents"] = (log["dollars"] * 100).round().astype(np.int64)
end = pd.Timestamp("1998-07-01")
days = log.drop_duplicates(["id", "day"]).sort_values(["id", "day"])  # two orders of a day are one visit
visits = days.groupby("id")["day"]
table = pd.DataFrame({
    "recency": (end - visits.max()).dt.days,
    "frequency": visits.count(),
    "cents": log.groupby("id")["cents"].sum(),
    "gap": (visits.max() - visits.min()).dt.days / (visits.count() - 1),  # NaN with one visit
})

down = np.concatenate([[0], np.cumsum(np.sort(table["cents"])[::-1])])
n, total = len(table), int(down[-1])
x = np.sort(table["cents"].to_numpy()).astype(np.float64)
gini = float(2 * (np.arange(1, n + 1) * x).sum() / (n * x.sum()) - (n + 1) / n)

# cells of fixed thresholds: level 5 is the newest, the most frequent, the dearest, the shortest gap
level = lambda s, edges: pd.cut(s, [-np.inf, *edges, np.inf], labels=False, right=True)
cells = pd.DataFrame({
    "r": 5 - level(table["recency"], [60, 180, 365, 480]),
    "f": 1 + level(table["frequency"], [1, 2, 4, 8]),
    "m": 1 + level(table["cents"] / 100, [15, 30, 75, 200]),
    "t": (5 - level(table["gap"], [30, 60, 120, 240])).fillna(0).astype(int),
}).value_counts().sort_index()

gaps, ended = [], []
for _, seen in visits:
    seen = seen.to_numpy()
    pauses = np.diff(seen).astype("timedelta64[D]").astype(float)[:10]
    gaps += pauses.tolist()
    ended += [True] * len(pauses)
    if len(seen) <= 10:
        gaps.append(float((end - pd.Timestamp(seen[-1])).days))
        ended.append(False)
km = KaplanMeierFitter().fit(gaps, ended)
alive = float(km.survival_function_.iloc[-1, 0])
quantiles = [float(km.percentile(1 - q * (1 - alive))) for q in (0.5, 0.7, 0.85)]

rows = np.column_stack([np.log1p(table["recency"]), np.log(table["frequency"]), np.log1p(table["cents"] / 100)])
start = rows[[0, 5000, 10000, 15000, 20000]]
model = KMeans(5, init=start, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(rows)
few = rows[:3000] + np.arange(3000)[:, None] * 1e-7  # without ties, whose order is nobody's
heights = fastcluster.linkage(few, "ward")
cut = np.bincount(fcluster(heights, 6, "maxclust"))[1:]
print(json.dumps({
    "provenance": {
        "tool": "pandas, lifelines, scikit-learn, fastcluster",
        "version": ", ".join(version(p) for p in ("pandas", "lifelines", "scikit-learn", "fastcluster")),
        "command": "python golden_cdnow.py CDNOW_master.txt.gz > cdnow.json",
    },
    "customers": n, "cents": total, "gini": gini, "top20": float(down[n // 5] / total),
    "for80": float(np.argmax(down >= 0.8 * total) / n),
    "cells": [[*map(int, k), int(v)] for k, v in cells.items()],
    "ended": int(np.sum(ended)), "open": int(len(ended) - np.sum(ended)), "returning": 1 - alive, "quantiles": quantiles,
    "inertia": float(model.inertia_), "sizes": sorted(np.bincount(model.labels_).tolist()),
    "calinski_harabasz": float(calinski_harabasz_score(rows, model.labels_)),
    "davies_bouldin": float(davies_bouldin_score(rows, model.labels_)),
    "ward_top": heights[-5:, 2].tolist(), "ward_sum": float(heights[:, 2].sum()), "ward_sizes": sorted(cut.tolist()),
}))
