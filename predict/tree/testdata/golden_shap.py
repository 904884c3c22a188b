"""Writes shap.json: small forests and boosted trees of other tools with their Shapley values.

    pip install scikit-learn==1.9.1 lightgbm==4.7.0 shap==0.51.0
    python3 golden_shap.py > shap.json
"""

import json

import lightgbm
import numpy as np
import shap
import sklearn
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

rng = np.random.default_rng(1)


def number(v):
    return None if v != v else float(v)


def forest(model, classes):
    trees = []
    for one in model.estimators_:
        t = one.tree_
        nodes = []
        for i in range(t.node_count):
            value = t.value[i].ravel()
            if classes:
                value = value / value.sum()
            leaf = t.children_left[i] < 0
            nodes.append({
                "Column": -1 if leaf else int(t.feature[i]),
                "Threshold": 0 if leaf else float(t.threshold[i]),
                "MissingLeft": False if leaf else bool(t.missing_go_to_left[i]),
                "Left": 0 if leaf else int(t.children_left[i]),
                "Right": 0 if leaf else int(t.children_right[i]),
                "Values": [float(v) for v in value],
                "Count": float(t.weighted_n_node_samples[i]),
            })
        trees.append(nodes)
    return trees


def boosted(model):
    trees = []
    for info in model.dump_model()["tree_info"]:
        nodes = []

        def add(n):
            at = len(nodes)
            if "leaf_index" in n or "split_index" not in n:
                nodes.append({"Column": -1, "Values": [n["leaf_value"]], "Count": float(n.get("leaf_count", 0))})
                return at
            node = {"Column": n["split_feature"], "Count": float(n["internal_count"])}
            nodes.append(node)
            if n["decision_type"] == "==":
                words = [0] * 4
                for c in n["threshold"].split("||"):
                    words[int(c) >> 5] |= 1 << (int(c) & 31)
                node["Categories"] = words
            else:
                node["Threshold"] = n["threshold"]
                node["MissingLeft"] = bool(n["default_left"]) and n["missing_type"] != "None"
                node["NoMissing"] = n["missing_type"] == "None"
            node["Left"] = add(n["left_child"])
            node["Right"] = add(n["right_child"])
            return at

        add(info["tree_structure"])
        trees.append(nodes)
    return trees


def case(name, trees, x, outputs, average, values, base, background=None, interventional=None, interactions=None, between=None):
    return {
        "name": name, "trees": trees, "outputs": outputs, "average": average,
        "rows": [[number(v) for v in r] for r in x],
        "values": np.asarray(values).ravel().tolist(), "base": np.asarray(base).ravel().tolist(),
        "background": None if background is None else [[number(v) for v in r] for r in background],
        "interventional": None if interventional is None else np.asarray(interventional).ravel().tolist(),
        "interactions": None if interactions is None else np.asarray(interactions).ravel().tolist(),
    }


def by_output(v):
    """Rows × outputs × columns, of shap's rows × columns (× outputs)."""
    v = np.asarray(v)
    return v[:, None, :] if v.ndim == 2 else np.moveaxis(v, -1, 1)


def main():
    cases = []
    x = rng.normal(size=(120, 5)).astype(np.float32).astype(float)
    y = x[:, 0] * 2 + x[:, 1] * x[:, 2] + rng.normal(size=120) * 0.3
    three = np.digitize(y, [-1, 1])
    test = x[:6] + np.float32(0.125)
    back = x[20:33]
    m = RandomForestRegressor(4, max_depth=6, random_state=0).fit(x, y)
    e = shap.TreeExplainer(m)
    i = shap.TreeExplainer(m, back, feature_perturbation="interventional")
    cases.append(case("regression forest", forest(m, False), test, 1, True, by_output(e.shap_values(test)), e.expected_value,
                      back, by_output(i.shap_values(test)), np.asarray(e.shap_interaction_values(test))[:, None]))
    m = RandomForestClassifier(3, max_depth=5, random_state=0).fit(x, three)
    e = shap.TreeExplainer(m)
    i = shap.TreeExplainer(m, back, feature_perturbation="interventional")
    cases.append(case("forest of three classes", forest(m, True), test, 3, True, by_output(e.shap_values(test)), e.expected_value,
                      back, by_output(i.shap_values(test))))
    # numbers, missing values and categories: LightGBM's own values
    n = 600
    x = rng.normal(size=(n, 4))
    x[:, 3] = rng.integers(0, 9, n)
    y = x[:, 0] + np.where(np.isin(x[:, 3], [1, 4, 5]), 2, -1) * (x[:, 1] > 0) + rng.normal(size=n) * 0.2
    x[rng.random(n) < 0.3, 1] = np.nan
    x[rng.random(n) < 0.1, 3] = np.nan
    data = lightgbm.Dataset(x, y, categorical_feature=[3], params={"verbose": -1})
    m = lightgbm.train({"num_leaves": 12, "min_data_in_leaf": 10, "min_data_per_group": 10, "cat_smooth": 1, "verbose": -1, "seed": 1, "num_threads": 1}, data, 6)
    test = x[:12].copy()
    test[3, 3], test[4, 0], test[5, 3] = 40, np.nan, -3
    v = m.predict(test, pred_contrib=True)
    cases.append(case("boosting, missing values and categories", boosted(m), test, 1, False, v[:, :-1], v[0, -1]))
    print(json.dumps({
        "provenance": {"tool": "scikit-learn, lightgbm, shap", "version": f"{sklearn.__version__}, {lightgbm.__version__}, {shap.__version__}",
                       "command": "python3 golden_shap.py > shap.json"},
        "cases": cases,
    }, separators=(",", ":")))


main()
