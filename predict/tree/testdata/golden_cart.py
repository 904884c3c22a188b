"""Writes cart.json: single trees of scikit-learn on small data without ties among gains.

    pip install scikit-learn==1.9.1
    python3 golden_cart.py > cart.json
"""

import json

import numpy as np
import sklearn
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

rng = np.random.default_rng(20261130)


def rows(n, d, missing=0.0):
    """Values that float32 holds, since scikit-learn rounds to it."""
    x = rng.normal(size=(n, d)).astype(np.float32).astype(float)
    if missing:
        x[rng.random((n, d)) < missing] = np.nan
    return x


def plain(a):
    return [[None if v != v else float(v) for v in r] for r in a]


def case(name, x, y, options, model, weights=None):
    model.fit(x, y, sample_weight=weights)
    test = rows(40, x.shape[1], 0.2 if np.isnan(x).any() else 0)
    if hasattr(model, "predict_proba"):
        p = model.predict_proba(test)
        p = p[:, 1] if p.shape[1] == 2 else p.ravel()
    else:
        p = model.predict(test)
    path = type(model)(**{**model.get_params(), "ccp_alpha": 0}).cost_complexity_pruning_path(x, y, sample_weight=weights)
    return {
        "name": name,
        "rows": plain(x),
        "y": [float(v) for v in y],
        "weights": None if weights is None else [float(v) for v in weights],
        "options": options,
        "test": plain(test),
        "predictions": [float(v) for v in p],
        "leaves": int(model.get_n_leaves()),
        "alphas": [float(v) for v in path.ccp_alphas],
        "impurities": [float(v) for v in path.impurities],
        "importance": [float(v) for v in model.feature_importances_],
    }


def main():
    cases = []
    x = rows(80, 4)
    y = np.round(x[:, 0] * 3 + np.abs(x[:, 1]) * 2 + rng.normal(size=80), 3)
    w = np.round(rng.gamma(2, 1, 80), 3)
    cases.append(case("regression", x, y, {"MinLeaf": 3}, DecisionTreeRegressor(min_samples_leaf=3, random_state=0)))
    cases.append(case("regression, leaves of 5, depth 4", x, y, {"MaxDepth": 4, "MinLeaf": 5}, DecisionTreeRegressor(max_depth=4, min_samples_leaf=5, random_state=0)))
    cases.append(case("regression, 7 leaves, weights", x, y, {"MaxLeaves": 7}, DecisionTreeRegressor(max_leaf_nodes=7, random_state=0), w))
    cases.append(case("regression, pruned", x, y, {"Alpha": 0.2, "MinSplit": 4}, DecisionTreeRegressor(ccp_alpha=0.2, min_samples_split=4, random_state=0)))
    cases.append(case("regression, gain", x, y, {"MinGain": 0.05, "MinLeafWeight": 0.03}, DecisionTreeRegressor(min_impurity_decrease=0.05, min_weight_fraction_leaf=0.03, random_state=0), w))
    cases.append(case("absolute error", x, y, {"Criterion": 4, "MaxDepth": 4, "MinLeaf": 5}, DecisionTreeRegressor(criterion="absolute_error", max_depth=4, min_samples_leaf=5, random_state=0)))
    cases.append(case("absolute error, weights", x, y, {"Criterion": 4, "MaxDepth": 3}, DecisionTreeRegressor(criterion="absolute_error", max_depth=3, random_state=0), w))
    counts = rng.poisson(np.exp(0.4 * x[:, 2] + 0.7))
    cases.append(case("poisson", x, counts, {"Criterion": 5, "MaxDepth": 3, "MinLeaf": 4}, DecisionTreeRegressor(criterion="poisson", max_depth=3, min_samples_leaf=4, random_state=0), w))
    x = rows(90, 4)
    two = (x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=90) * 0.5 > 0).astype(int)
    w = np.ceil(16 * rng.gamma(2, 1, 90)) / 16
    cases.append(case("gini, weights", x, two, {"Classes": 2, "MaxDepth": 4, "MinLeaf": 2}, DecisionTreeClassifier(max_depth=4, min_samples_leaf=2, random_state=0), w))
    cases.append(case("gini, balanced", x, two, {"Classes": 2, "Balanced": True, "MaxLeaves": 6}, DecisionTreeClassifier(class_weight="balanced", max_leaf_nodes=6, random_state=0)))
    cases.append(case("gini, class weights", x, two, {"Classes": 2, "ClassWeights": [1, 3.5], "MaxDepth": 3, "MinLeaf": 4}, DecisionTreeClassifier(class_weight={0: 1, 1: 3.5}, max_depth=3, min_samples_leaf=4, random_state=0), w))
    three = np.digitize(x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=90) * 0.5, [-0.6, 0.7])
    cases.append(case("entropy, three classes", x, three, {"Classes": 3, "Criterion": 2, "MaxDepth": 4, "MinLeaf": 6}, DecisionTreeClassifier(criterion="entropy", max_depth=4, min_samples_leaf=6, random_state=0), w))
    cases.append(case("gini, three classes, pruned", x, three, {"Classes": 3, "Alpha": 0.02}, DecisionTreeClassifier(ccp_alpha=0.02, random_state=0), w))
    x = rows(100, 4, 0.25)
    x[:, 3] = np.where(np.isnan(x[:, 3]), 1.5, x[:, 3])
    y = np.round(np.where(np.isnan(x[:, 0]), 3.0, x[:, 0] * 2) + np.where(np.isnan(x[:, 1]), -2.0, np.abs(x[:, 1])) + x[:, 3] + rng.normal(size=100) * 0.3, 3)
    w = np.round(rng.gamma(2, 1, 100), 3)
    cases.append(case("missing values", x, y, {"MaxDepth": 4}, DecisionTreeRegressor(max_depth=4, random_state=0), w))
    cases.append(case("missing values, gini", x, (y > 1).astype(int), {"Classes": 2, "MaxDepth": 3}, DecisionTreeClassifier(max_depth=3, random_state=0), w))
    print(json.dumps({
        "provenance": {"tool": "scikit-learn", "version": sklearn.__version__, "command": "python3 golden_cart.py > cart.json"},
        "cases": cases,
    }, indent=None, separators=(",", ":")))


main()
