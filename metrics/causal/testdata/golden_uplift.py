"""Makes uplift.json of this folder: python golden_uplift.py

Needs numpy, scikit-learn, scikit-uplift.
"""
import importlib.metadata as md
import json
import numpy as np
from sklearn.metrics import auc
from sklift.metrics import (qini_curve, uplift_curve, perfect_qini_curve, perfect_uplift_curve, qini_auc_score,
                            uplift_auc_score, uplift_at_k, uplift_by_percentile)

rng = np.random.default_rng(3)
cases = []
for n, ties, share in [(40, 0, .5), (200, 9, .5), (300, 0, .2), (500, 25, .7), (120, 3, .5)]:
    s = rng.normal(size=n)
    if ties:
        s = np.floor(s * ties / 4)
    t = (rng.uniform(size=n) < share).astype(int)
    y = (rng.uniform(size=n) < .2 + .1 * t * (s > 0) + .05 * (s > 1)).astype(int)
    c = {"y": y, "t": t, "s": s}
    for name, f, perfect, score in [("qini", qini_curve, perfect_qini_curve, qini_auc_score),
                                    ("uplift", uplift_curve, perfect_uplift_curve, uplift_auc_score)]:
        x, v = f(y, s, t)
        px, pv = perfect(y, t)
        c[name] = {"x": x, "v": v, "area": auc(x, v), "perfect": auc(px, pv), "score": score(y, s, t)}
    if not ties:
        c["at"] = [{"k": k, "overall": uplift_at_k(y, s, t, "overall", k), "by_group": uplift_at_k(y, s, t, "by_group", k)} for k in (.1, .3, .5)]
        p = uplift_by_percentile(y, s, t, strategy="overall", bins=5)
        c["buckets"] = {k: p[k].to_numpy() for k in ("n_treatment", "n_control", "uplift")}
    cases.append(c)
prov = {"tool": "scikit-uplift", "version": md.version("scikit-uplift"), "command": "python golden_uplift.py"}
with open("uplift.json", "w") as f:
    json.dump({"provenance": prov, "cases": cases}, f, default=lambda x: x.tolist())
    f.write("\n")
