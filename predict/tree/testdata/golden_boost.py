"""Writes boost.json: LightGBM's refit. python testdata/golden_boost.py (lightgbm 4.7.0, numpy 2.4.6)"""
import json
import lightgbm as lgb
import numpy as np


def nodes(tree):
    out = []

    def walk(n):
        at = len(out)
        out.append({})
        if "leaf_value" in n:
            out[at] = {"column": -1, "value": n["leaf_value"]}
            return at
        out[at] = {"column": n["split_feature"], "threshold": n["threshold"], "missingLeft": n["default_left"]}
        out[at]["left"] = walk(n["left_child"])
        out[at]["right"] = walk(n["right_child"])
        return at
    walk(tree)
    return out


cases = []
for name, objective in (("squared", "regression"), ("logistic", "binary"), ("poisson", "poisson"), ("quantile", "quantile")):
    rng = np.random.default_rng(11)
    x = np.round(rng.normal(size=(160, 3)), 3)
    x[rng.random(x.shape) < .1] = np.nan
    m = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1]) * np.nan_to_num(x[:, 2])
    y = {"squared": m + rng.normal(size=160), "quantile": m + rng.normal(size=160), "logistic": (m + rng.logistic(size=160) > 0) * 1.,
         "poisson": rng.poisson(np.exp(m / 2)) * 1.}[name]
    y = np.round(y, 4)
    params = {"objective": objective, "num_leaves": 6, "min_data_in_leaf": 5, "learning_rate": .2, "verbose": -1, "num_threads": 1, "lambda_l2": .5, "alpha": .8}
    model = lgb.train(params, lgb.Dataset(x[:80], y[:80]), 5)
    new = model.refit(x[80:], y[80:], decay_rate=.7, verbose=-1)
    dump = model.dump_model()["tree_info"]
    cases.append({"name": name, "rows": [[None if np.isnan(v) else v for v in r] for r in x[80:].tolist()], "y": y[80:].tolist(),
                  "trees": [nodes(t["tree_structure"]) for t in dump], "rates": [t["shrinkage"] for t in dump],
                  "before": model.predict(x[80:], raw_score=True).tolist(), "margins": new.predict(x[80:], raw_score=True).tolist()})
json.dump({"provenance": {"tool": "lightgbm", "version": lgb.__version__, "command": "python testdata/golden_boost.py"}, "cases": cases},
          open("testdata/boost.json", "w"))
