"""Makes causalml.json of this folder: python golden_causalml.py

Needs numpy, pandas, causalml.
"""
import importlib.metadata as md
import json
import sys
import types
import numpy as np
import pandas as pd
sys.modules.setdefault("shap", types.ModuleType("shap"))  # plots only
from causalml.metrics import get_qini, qini_score

rng = np.random.default_rng(6)
cases = []
for n, share, money, lead in [(40, .5, False, 0), (150, .3, False, 7), (200, .7, True, 0), (90, .5, True, 4)]:
    s = rng.permutation(n) / n
    t = (rng.uniform(size=n) < share).astype(int)
    order = np.argsort(-s)
    t[order[:lead]] = 1  # the best scores are of one arm
    if lead:
        t[order[lead]] = 0
    y = (rng.uniform(size=n) < .2 + .2 * t * s).astype(float)
    if money:
        y *= np.round(rng.gamma(2, 20, n), 2)
    d = pd.DataFrame({"y": y, "w": t, "model": s})
    q = get_qini(d, outcome_col="y", treatment_col="w")["model"].to_numpy()
    raw = qini_score(d, outcome_col="y", treatment_col="w", normalize=False)["model"]
    cases.append({"y": y, "t": t, "s": s, "v": q, "raw": raw, "score": qini_score(d, outcome_col="y", treatment_col="w", normalize=True)["model"]})
prov = {"tool": "causalml", "version": md.version("causalml"), "command": "python golden_causalml.py"}
with open("causalml.json", "w") as f:
    json.dump({"provenance": prov, "cases": cases}, f, default=lambda x: x.tolist())
    f.write("\n")
