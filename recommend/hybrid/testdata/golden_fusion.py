"""Fused scores of ranx for score lists of three models, whole and cut.

usage: python golden_fusion.py > fusion.json      (needs ranx)
"""
import importlib.metadata as meta
import json

import numpy as np
from ranx import Run, fuse

rng = np.random.default_rng(5)
users, models, items = 4, 3, 30
# Whole lists, negative scores among them, and lists in which most items have no score.
whole = np.round(rng.normal(size=(models, users, items)) * [[[1]], [[10]], [[0.1]]], 6).astype(np.float32)
cut = np.round(np.where(rng.random(whole.shape) < 0.4, np.abs(whole) + 0.01, 0), 6).astype(np.float32)
for a in (whole, cut):
    for row in a.reshape(-1, items):
        kept = row[row != 0]
        assert len(set(kept.tolist())) == len(kept)
weights = [0.2, 0.5, 0.3]


def runs(a):
    out = []
    for m in range(models):
        out.append(Run({f"q{u}": {f"d{i:02d}": float(v) for i, v in enumerate(a[m, u]) if a is whole or v > 0} for u in range(users)}))
    return out


def fused(a, **how):
    r = fuse(runs=runs(a), **how)
    return [[float(r.run[f"q{u}"].get(f"d{i:02d}", 0)) for i in range(items)] for u in range(users)]


w = {"weights": weights}
print(json.dumps({
    "provenance": {"tool": "ranx", "version": meta.version("ranx"), "command": "python golden_fusion.py > fusion.json"},
    "weights": weights,
    "whole": whole.astype(float).tolist(),
    "cut": cut.astype(float).tolist(),
    "wsum_minmax": fused(whole, norm="min-max", method="wsum", params=w),
    "wsum_zmuv": fused(whole, norm="zmuv", method="wsum", params=w),
    "wsum_rank": fused(whole, norm="rank", method="wsum", params=w),
    "wsum_max": fused(cut, norm="max", method="wsum", params=w),
    "mnz_max": fused(cut, norm="max", method="mnz"),
    "sum_minmax": fused(whole, norm="min-max", method="sum"),
    "rrf_whole": fused(whole, norm=None, method="rrf", params={"k": 60}),
    "rrf_cut": fused(cut, norm=None, method="rrf", params={"k": 17}),
    "borda": fused(whole, norm=None, method="bordafuse"),
}))
