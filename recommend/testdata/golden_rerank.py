"""Lists of other people's re-rankers.

usage: python golden_rerank.py > rerank.json      (needs pyversity, fairdiverse without its dependencies, numpy)

MMR and DPP are pyversity's, xQuAD is FairDiverse's. pyversity cuts negative
cosines off, so vectors are positive; it weighs relevance by exp(beta*z), z the
standard score, so its scale is set for beta/sd = (1-lambda)/(2*lambda*range).
FairDiverse knows no tastes, so they are equal here: lambda is converted. Nobody's
calibration was to be had as a package: the lists are those of the paper's formula
(Steck 2018, equations 2 to 4 with alpha = .01), written down below.
"""
import importlib.metadata as meta
import importlib.util
import json
import sys
import types

import numpy as np
from pyversity import Metric, dpp, mmr

rng = np.random.default_rng(11)
n, f, cats = 40, 12, 6


def load_xquad():
    root = importlib.util.find_spec("fairdiverse").submodule_search_locations[0]
    for name, content in (("fd", {}), ("fd.search", {}), ("fd.search.utils", {}), ("fd.search.utils.utils", {"pkl_load": None, "get_metrics_20": None}),
                          ("fd.search.model", {}), ("fd.search.model.base", {"BasePostProcessUnsupervisedModel": type("B", (), {"__init__": lambda self, k: setattr(self, "top_k", k)})})):
        m = types.ModuleType(name)
        m.__path__ = []
        m.__dict__.update(content)
        sys.modules[name] = m
    spec = importlib.util.spec_from_file_location("fd.search.model.xQuAD", root + "/search/postprocessing_model/xQuAD.py")
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    return m.xQuAD


xQuAD = load_xquad()


def calibrated(rel, shares, p, k, lam, alpha=0.01):
    def objective(chosen):
        q = (1 - alpha) * shares[chosen].mean(axis=0) + alpha * p
        on = p > 0
        return (1 - lam) * rel[chosen].sum() - lam * np.sum(p[on] * np.log(p[on] / q[on]))

    chosen = []
    while len(chosen) < k:
        chosen.append(max((i for i in range(len(rel)) if i not in chosen), key=lambda i: objective(chosen + [i])))
    return chosen


cases = []
for case in range(6):
    vectors = np.abs(rng.normal(size=(n, f))).astype(np.float32)
    rel = np.round(rng.random(n), 5)
    rel[case], rel[(case + 7) % n] = 0, 1  # relevance is the score itself
    own = [sorted(rng.choice(cats, size=rng.integers(1, 3), replace=False).tolist()) for _ in range(n)]
    shares = np.zeros((n, cats))
    for i, c in enumerate(own):
        shares[i, c] = 1 / len(c)
    taste = rng.dirichlet(np.ones(cats) * 0.7).round(4)
    taste /= taste.sum()
    k, lam = 10 + case, [0.1, 0.3, 0.5, 0.6, 0.8, 0.9][case]
    cover = [1, 0.5, 0.2, 1, 0.7, 0.9][case]
    scale = (1 - lam) / (2 * lam) * rel.astype(np.float32).std() / (1 - lam)
    names = [f"d{i}" for i in range(n)]
    equal = (lam / cats) / (1 - lam + lam / cats)
    x = xQuAD(k).calculate_xquad_score(0, {0: (dict(zip(names, rel.tolist())), (cover * shares).T)}, equal)
    # It takes candidates from a set, in no order: lists are ambiguous when two values tie.
    cases.append({
        "vectors": vectors.astype(float).ravel().tolist(), "relevance": rel.tolist(), "categories": own, "taste": taste.tolist(),
        "k": k, "lambda": lam, "cover": cover,
        "mmr": mmr(vectors, rel, k, diversity=lam, metric=Metric.COSINE).indices.tolist(),
        "dpp": dpp(vectors, rel, k, diversity=lam, scale=scale).indices.tolist(),
        "xquad": [int(d[1:]) for d in x],
        "calibrate": calibrated(rel, shares, taste, k, lam),
    })
print(json.dumps({
    "provenance": {"tool": "pyversity, FairDiverse, numpy", "version": f"{meta.version('pyversity')}, {meta.version('fairdiverse')}, {np.__version__}", "command": "python golden_rerank.py > rerank.json"},
    "n": n, "factors": f, "categories": cats, "cases": cases,
}))
