"""Writes rank.json: LambdaMART of LightGBM, and contributions that it and XGBoost give their own models of testdata/import.

    pip install lightgbm==4.7.0 xgboost==3.2.0
    python3 golden_rank.py MODEL.. > rank.json
"""

import json
import sys

import lightgbm
import numpy as np
import xgboost

rng = np.random.default_rng(5)
out = {"provenance": {
    "tool": "lightgbm, xgboost", "version": f"{lightgbm.__version__}, {xgboost.__version__}", "command": "python3 golden_rank.py lightgbm-4.7.0-{squared,binary-categories,zero-missing,multiclass,dart}.txt xgboost-3.2.0-{squared,logistic-categories,multiclass-forest,dart}.json > rank.json",
}}

# Every row has a leaf of its own: its output is -g/h. Rows of a query rise in relevance, the order in which equal margins rank.
# No two of a query are alike: their margins would be equal but for rounding.
sizes, y = [5, 8, 3, 6], []
for n in sizes:
    y += sorted(rng.choice(9, n, replace=False).tolist())
x = np.arange(len(y), dtype=float)[:, None]
alone = {
    "objective": "regression", "verbose": -1, "num_threads": 1, "num_leaves": len(y), "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0, "min_data_in_bin": 1,
    "lambda_l2": 0, "learning_rate": .5, "feature_pre_filter": False, "boost_from_average": False,
}
model = lightgbm.train(alone, lightgbm.Dataset(x, rng.normal(size=len(y)), params={"verbose": -1, "min_data_in_bin": 1, "feature_pre_filter": False}), 3)
text = model.model_to_string().replace("objective=regression", "objective=lambdarank").replace("[objective: regression]", "[objective: lambdarank]")
model = lightgbm.Booster(model_str=text).refit(x, y, decay_rate=0, group=sizes)
out["gradients"] = {"sizes": sizes, "y": y, "model": text, "margins": [model.predict(x, num_iteration=k).tolist() for k in (1, 2, 3)], "leaves": [
    int(t["num_leaves"]) for t in model.dump_model()["tree_info"]]}

# A ranking set: 120 queries to learn from, 120 to judge.
queries, per = 240, 10
x = np.round(rng.normal(size=(queries * per, 4)), 2)
m = x[:, 0] + x[:, 1] * x[:, 2] + .5 * rng.normal(size=len(x))
y = np.clip(np.round(m + 1), 0, 4).astype(int)
half = queries // 2 * per
model = lightgbm.train({"objective": "lambdarank", "verbose": -1, "num_threads": 1, "learning_rate": .1, "num_leaves": 31, "lambda_l2": 1}, lightgbm.Dataset(
    x[:half], y[:half], group=[per] * (queries // 2), params={"verbose": -1}), 100)
out["ranking"] = {"rows": x.ravel().tolist(), "y": y.tolist(), "scores": np.round(model.predict(x[half:]), 6).tolist()}


def rows(name):
    g = json.load(open(f"import/{name}"))
    key = "rows" if "rows" in g else "Rows"
    return np.array([[float.fromhex(v) if "0x" in v else float(v) for v in r] for r in g[key]])


out["contributions"] = []
for name in sys.argv[1:] or ["lightgbm-4.7.0-binary-categories.txt", "xgboost-3.2.0-logistic-categories.json"]:
    tool, version = name.split("-")[:2]
    r = rows(f"{tool}-{version}.json")[:12]
    if tool == "lightgbm":
        c = lightgbm.Booster(model_file="import/" + name).predict(r, pred_contrib=True)
    else:
        b = xgboost.Booster(model_file="import/" + name)
        d = xgboost.DMatrix(r, feature_types=b.feature_types, feature_names=b.feature_names, enable_categorical=True)
        c = b.predict(d, pred_contribs=True)
    out["contributions"].append({"file": name, "rows": len(r), "values": [float(v) for v in np.asarray(c, float).ravel()]})
json.dump(out, sys.stdout)
