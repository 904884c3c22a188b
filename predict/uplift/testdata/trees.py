"""Mean outcomes by the uplift trees of causalml.

    pip install causalml==0.18.0
    python testdata/trees.py > testdata/trees.json
"""
import json
import sys
from importlib.metadata import version

import numpy as np
from causalml.inference.tree import UpliftTreeClassifier


def make(arms, seed, n=1200):
    r = np.random.default_rng(seed)
    x = np.stack([r.integers(-24, 25, n) / 16, r.integers(0, 40, n) / 8, r.integers(0, 4, n).astype(float)], 1)
    t = r.choice(arms, n, p=[.6, .4] if arms == 2 else [.5, .3, .2])
    p = .3 + .1 * (x[:, 1] > 2.5) + (t > 0) * (.25 * (x[:, 0] > .2) - .1) + (t > 1) * .2 * (x[:, 2] > 1)
    return x, t, (r.uniform(size=n) < p).astype(int)


out = {"provenance": {"tool": "causalml", "version": version("causalml"), "command": "python testdata/trees.py > testdata/trees.json"}, "data": [], "cases": []}
for arms in (2, 3):
    x, t, y = make(arms, 30 + arms)
    out["data"].append({"arms": arms, "rows": x.tolist(), "treatment": t.tolist(), "outcome": y.tolist()})
    at = x[:150]
    for criterion in ("KL", "ED", "Chi", "CTS"):
        for shrink in (0, 100):
            m = UpliftTreeClassifier(
                control_name="0", max_depth=4, min_samples_leaf=60, min_samples_treatment=1, n_reg=shrink, evaluationFunction=criterion,
                normalization=False, min_gain=0, random_state=0)
            m.fit(x, treatment=t.astype(str), y=y)
            p = m.predict(at)
            print(arms, criterion, shrink, len(np.unique(p.round(9), axis=0)), p[0], file=sys.stderr)
            out["cases"].append({"arms": arms, "criterion": criterion, "shrink": shrink, "means": p.ravel().tolist()})
json.dump(out, sys.stdout)
print()
