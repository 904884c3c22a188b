"""Models of XGBoost and LightGBM with the margins and outputs of their own predictors.

    python golden_import.py xgboost import    # xgboost 1.7.6, 2.0.3, 2.1.4, 3.0.5, 3.1.3, 3.2.0 and 3.4.1 in turn
    python golden_import.py lightgbm import   # lightgbm 3.3.5, 4.0.0 and 4.7.0 in turn

writes import/<tool>-<version>-<case>.{json,ubj,txt} and import/<tool>-<version>.json, which holds rows, margins and
outputs as hexadecimal floats. One version writes nearly all cases, the others a few, or all with ALL=1 in the environment.
"""
import json, os, sys
import numpy as np

tool, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
NAN = float("nan")
r = np.random.default_rng(20261130)
n = 600
X = np.column_stack([
    np.round(r.normal(size=n), 2), np.where(r.random(n) < .4, 0, np.round(r.normal(size=n) * 3, 1)),
    r.integers(0, 6, n), r.integers(-3, 4, n), r.integers(0, 70, n)]).astype(float)
X[r.random(X.shape) < .08] = NAN
g = r.normal(size=70)
def part(j, f): return np.where(np.isnan(X[:, j]), .7, f(np.nan_to_num(X[:, j])))
z = part(0, lambda v: 1.5 * v) + part(1, lambda v: np.where(v == 0, 1, .3 * v)) + part(2, lambda v: np.array([1, -1, .5, 2, -2, 0])[v.astype(int)]) + part(4, lambda v: g[v.astype(int)])
noise = r.normal(size=n)
y = z + noise
yb = (y > .5).astype(float)
ym = np.digitize(y, [-.8, 1.2]).astype(float)
yc = r.poisson(np.exp(.4 * z)).astype(float)
yp = np.exp(.4 * y)
groups = np.full(30, 20)
yr = np.clip(np.round(y + 1), 0, 4)

# Rows to ask: training rows, values at and beside thresholds, missing, zeros of both signs and nearly zeros, categories never seen, fractions.
T = X[:24].copy()
T[3] = NAN
T[4, 1], T[5, 1], T[6, 1], T[7, 1] = -0.0, 1e-36, -1e-35, 2e-35
T[8, 0], T[9, 0] = 1 / 3, 0.1 + 1e-10
T[10, 4], T[11, 2], T[12, 4], T[13, 2] = 70, 6, 1e6, 2.75
T[14] = [1e30, -1e30, 1, 100, 3]
T[15] = [0, 0, 0, 0, 0]
def hexes(a): return [float(v).hex() for v in np.asarray(a, float).ravel()]
rows = [[("nan" if v != v else repr(float(v))) for v in row] for row in T]
cases = []
spare = set() if "ALL" in os.environ else {"map", "pairwise", "absolute", "squaredlog", "pseudohuber", "xendcg", "huber", "fair"}  # like others, left out to keep the files small


def xgb():
    import xgboost as x
    version = x.__version__
    full = version == "3.2.0" or "ALL" in os.environ
    new = version[0] != "1"
    some = {"1.7.6": "squared logistic-categories multiclass-forest dart linear linear-multiclass poisson", "2.0.3": "logistic-categories quantile vector-leaves",
            "2.1.4": "logistic-categories", "3.0.5": "dart linear-multiclass", "3.1.3": "logistic-categories multiclass-forest quantile vector-leaves", "3.4.1": "dart logistic-categories quantiles expectile linear-multiclass vector-leaves"}.get(version, "").split()
    cat, num = ["q", "q", "c", "q", "c"], ["q"] * 5
    def data(v, label=None, types=num, **k):
        return x.DMatrix(v, label=label, feature_types=types, enable_categorical=True, feature_names=["recency", "spend", "tier", "trend", "shop"], **k)
    def case(name, params, label, types=num, rounds=3, ext="json", group=None, bounds=None):
        if not (full or name in some) or name in spare: return
        d = data(X, label, types)
        if group is not None: d.set_group(group)
        if bounds is not None: d.set_float_info("label_lower_bound", bounds[0]); d.set_float_info("label_upper_bound", bounds[1])
        p = {"max_depth": 3, "seed": 7, "nthread": 1, "tree_method": "hist", **params}
        if p.get("booster") == "gblinear": p = {k: v for k, v in p.items() if k not in ("max_depth", "tree_method")}
        b = x.train(p, d, rounds)
        for e in ext.split(","):
            file = f"xgboost-{version}-{name}.{e}"
            b.save_model(os.path.join(out, file))
            t = data(T, None, types)
            cases.append({"name": name, "file": file, "margins": hexes(b.predict(t, output_margin=True)), "outputs": hexes(b.predict(t))})
    case("squared", {"objective": "reg:squarederror"}, y)
    case("logistic-categories", {"objective": "binary:logistic", "max_cat_to_onehot": 7}, yb, cat, ext="json,ubj")
    case("multiclass-forest", {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 2, "subsample": .7, "max_depth": 2}, ym, rounds=2)
    case("dart", {"objective": "binary:logistic", "booster": "dart", "rate_drop": .4, "skip_drop": .1, "max_depth": 2}, yb, cat, rounds=5)
    case("linear", {"objective": "reg:squarederror", "booster": "gblinear"}, y)
    case("linear-multiclass", {"objective": "multi:softprob", "num_class": 3, "booster": "gblinear"}, ym, ext="ubj")
    case("poisson", {"objective": "count:poisson"}, yc, ext="ubj", rounds=2)
    case("forest", {"objective": "reg:squarederror", "num_parallel_tree": 4, "learning_rate": 1, "subsample": .6, "base_score": .25}, y, rounds=1)
    case("lossguide-exact", {"objective": "reg:squarederror", "tree_method": "exact", "max_depth": 4, "base_score": -1.5}, y)
    case("lossguide", {"objective": "binary:logistic", "grow_policy": "lossguide", "max_leaves": 7, "max_depth": 0, "scale_pos_weight": 2}, yb, cat, ext="ubj", rounds=2)
    case("tweedie", {"objective": "reg:tweedie"}, yc, ext="ubj", rounds=2)
    case("gamma", {"objective": "reg:gamma"}, yp, ext="ubj", rounds=2)
    case("ndcg", {"objective": "rank:ndcg"}, yr, group=groups, ext="ubj", rounds=2)
    case("pairwise", {"objective": "rank:pairwise"}, yr, group=groups, ext="ubj", rounds=2)
    case("map", {"objective": "rank:map"}, (yr > 2).astype(float), group=groups, ext="ubj", rounds=2)
    case("cox", {"objective": "survival:cox"}, np.where(yb > 0, yp, -yp), ext="ubj", rounds=2)
    case("aft", {"objective": "survival:aft"}, yp, ext="ubj", rounds=2, bounds=(yp, np.where(yb > 0, yp, np.inf)))
    case("hinge", {"objective": "binary:hinge"}, yb, ext="ubj", rounds=2)
    case("softmax", {"objective": "multi:softmax", "num_class": 3}, ym, ext="ubj", rounds=2)
    case("logitraw", {"objective": "binary:logitraw", "base_score": .3}, yb, ext="ubj", rounds=2)
    case("reglogistic", {"objective": "reg:logistic"}, 1 / (1 + np.exp(-y)), ext="ubj", rounds=2)
    case("pseudohuber", {"objective": "reg:pseudohubererror"}, y, ext="ubj", rounds=2)
    case("squaredlog", {"objective": "reg:squaredlogerror"}, yp, ext="ubj", rounds=2)
    case("absolute", {"objective": "reg:absoluteerror"}, y, ext="ubj", rounds=2)
    case("stump", {"objective": "reg:squarederror", "min_child_weight": 1e9}, y, ext="ubj", rounds=2)
    case("linear-logistic", {"objective": "binary:logistic", "booster": "gblinear", "base_score": .3}, yb, ext="json")
    if new:
        case("quantile", {"objective": "reg:quantileerror", "quantile_alpha": [.2, .8]}, y, ext="ubj", rounds=2)
        case("vector-leaves", {"objective": "multi:softprob", "num_class": 3, "multi_strategy": "multi_output_tree"}, ym, rounds=2)
        case("targets", {"objective": "reg:squarederror"}, np.column_stack([y, z]), ext="ubj", rounds=2)
    if version >= "3.3":
        case("quantiles", {"objective": "reg:quantileerror", "quantile_alpha": [.45, .5, .55], "learning_rate": 1, "subsample": .5}, y, ext="ubj", rounds=2)
        case("expectile", {"objective": "reg:expectileerror", "expectile_alpha": .3}, y, ext="ubj", rounds=2)
    return version


def lgb():
    import lightgbm as l
    version = l.__version__
    full = version == "4.7.0" or "ALL" in os.environ
    some = {"3.3.5": "squared binary-categories zero-missing forest", "4.0.0": "binary-categories dart"}.get(version, "").split()
    def case(name, params, label, cats=(), rounds=3, group=None):
        if not (full or name in some) or name in spare: return
        d = l.Dataset(X, label, group=group, categorical_feature=list(cats), feature_name=["recency", "spend", "tier", "trend", "shop"], free_raw_data=False)
        p = {"num_leaves": 6, "min_data_in_leaf": 10, "verbose": -1, "seed": 7, "num_threads": 1, "deterministic": True, "force_row_wise": True, **params}
        b = l.train(p, d, rounds)
        file = f"lightgbm-{version}-{name}.txt"
        b.save_model(os.path.join(out, file))
        text = open(os.path.join(out, file)).read()
        open(os.path.join(out, file), "w").write(text[:text.index("\nparameters:") + 1] + "pandas_categorical:null\n" if "\nparameters:" in text and not name.startswith("squared") else text)
        b = l.Booster(model_file=os.path.join(out, file))
        cases.append({"name": name, "file": file, "margins": hexes(b.predict(T, raw_score=True)), "outputs": hexes(b.predict(T))})
    case("squared", {"objective": "regression"}, y)
    case("binary-categories", {"objective": "binary", "max_cat_to_onehot": 2, "cat_smooth": 1, "min_data_per_group": 5, "sigmoid": 1.5}, yb, (2, 4))
    case("zero-missing", {"objective": "regression", "zero_as_missing": True, "num_leaves": 9}, y, (2,), rounds=4)
    case("no-missing", {"objective": "regression", "use_missing": False}, y, (4,))
    case("multiclass", {"objective": "multiclass", "num_class": 3}, ym, rounds=2)
    case("ova", {"objective": "multiclassova", "num_class": 3, "sigmoid": .8}, ym, rounds=2)
    case("dart", {"objective": "binary", "boosting": "dart", "drop_rate": .5}, yb, rounds=5)
    case("forest", {"objective": "binary", "boosting": "rf", "bagging_fraction": .6, "bagging_freq": 1}, yb, rounds=3)
    case("forest-regression", {"objective": "regression", "boosting": "rf", "bagging_fraction": .6, "bagging_freq": 1}, y, rounds=3)
    for name in ("poisson", "tweedie"): case(name, {"objective": name}, yc, rounds=2)
    case("gamma", {"objective": "gamma"}, yp, rounds=2)
    for name in ("regression_l1", "huber", "fair", "quantile", "mape"): case(name.replace("_", "-"), {"objective": name, "alpha": .7}, y, rounds=2)
    case("lambdarank", {"objective": "lambdarank"}, yr, group=groups, rounds=2)
    case("xendcg", {"objective": "rank_xendcg"}, yr, group=groups, rounds=2)
    case("cross-entropy", {"objective": "cross_entropy"}, 1 / (1 + np.exp(-y)), rounds=2)
    case("cross-entropy-lambda", {"objective": "cross_entropy_lambda"}, 1 / (1 + np.exp(-y)), rounds=2)
    case("sqrt", {"objective": "regression", "reg_sqrt": True}, y, rounds=2)
    case("stump", {"objective": "regression", "min_data_in_leaf": 590}, y, rounds=2)
    case("linear-trees", {"objective": "regression", "linear_tree": True}, y, rounds=2)
    return version


version = {"xgboost": xgb, "lightgbm": lgb}[tool]()
with open(os.path.join(out, f"{tool}-{version}.json"), "w") as f:
    head = {"tool": tool, "version": version, "command": f"python golden_import.py {tool} import"}
    f.write('{"provenance": %s,\n"rows": %s,\n"cases": [\n%s\n]}\n' % (json.dumps(head), json.dumps(rows), ",\n".join(json.dumps(c) for c in cases)))
