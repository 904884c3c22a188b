"""Boosting beside LightGBM and XGBoost (docs/benchmarks.md).

    python docs/peers/boost.py data   DIR SHARED   # writes the sets of the comparison of quality
    python docs/peers/boost.py folds  DIR [SET..]  # both peers with their defaults, 10 x 5 folds (REPEATS=1: 5)
    python docs/peers/boost.py table  DIR ROWS     # writes a table of ROWS x 20
    PEER=lightgbm python docs/peers/boost.py peers DIR ROWS   # times a peer on it: lightgbm, xgboost, xgboost31 (31 leaves)

lightgbm 4.7.0, xgboost 3.2.0, numpy 2.4.6, scikit-learn 1.9.1. One thread each: on a busy machine
more wait for each other at full speed. Aisle on the same files:
AISLE_LONG=1 AISLE_PEERS=DIR go test -v -timeout 0 -run 'BoostPeers' ./predict/tree
A set is <name>.json and <name>.f64: rows of float64, little-endian, the columns, the label and
for each of ten repeats the fold 0..4.
"""
import csv, gzip, json, os, resource, sys, time
import numpy as np


def write(folder, name, x, y, cats, repeats=10):
    n = len(y)
    folds = np.empty((n, repeats))
    for r in range(repeats):
        rng = np.random.default_rng(100 + r)
        for label in (0, 1):
            rows = np.flatnonzero(y == label)
            folds[rng.permutation(rows), r] = np.arange(len(rows)) % 5
    np.hstack([x, y[:, None], folds]).astype("<f8").tofile(f"{folder}/{name}.f64")
    json.dump({"rows": n, "columns": x.shape[1], "categorical": cats, "repeats": repeats}, open(f"{folder}/{name}.json", "w"))


def read(folder, name):
    meta = json.load(open(f"{folder}/{name}.json"))
    d = meta["columns"]
    a = np.fromfile(f"{folder}/{name}.f64", "<f8").reshape(meta["rows"], -1)
    return a[:, :d], a[:, d], a[:, d + 1:].astype(int), meta["categorical"]


def table(path, sep, label, positive):
    opener = gzip.open if path.endswith(".gz") else open
    rows = list(csv.reader(opener(path, "rt"), delimiter=sep))
    head, rows = rows[0], rows[1:]
    at = head.index(label)
    y = np.array([r[at] == positive for r in rows], float)
    cols, cats = [], []
    for j, name in enumerate(head):
        if j == at:
            continue
        v = [r[j] for r in rows]
        try:
            cols.append([float(s) for s in v])
        except ValueError:
            code = {s: k for k, s in enumerate(sorted(set(v)))}
            cats.append(len(cols))
            cols.append([code[s] for s in v])
    return np.array(cols).T, y, cats


def generated(name):
    rng = np.random.default_rng({"categories": 1, "missing": 2, "noise": 3}[name])
    n = 20000
    x = rng.normal(size=(n, 10))
    m = x[:, 0] + x[:, 1] * x[:, 2] - .5 * x[:, 3] ** 2
    cats = []
    if name == "categories":
        for k, levels in enumerate((8, 50, 300, 2000)):
            p = rng.dirichlet(np.full(levels, .5))
            c = rng.choice(levels, n, p=p)
            m = m + (rng.normal(size=levels) * (.8, .6, .6, .6)[k])[c]
            cats.append(x.shape[1])
            x = np.hstack([x, c[:, None]])
        cats.append(x.shape[1])  # a code that means nothing
        x = np.hstack([x, rng.integers(0, 5000, n)[:, None]])
    if name == "missing":
        for j in range(6):  # gone where the value is high, which tells something itself
            gone = rng.random(n) < 1 / (1 + np.exp(-2 * x[:, j]))
            m = m + .5 * gone * (-1) ** j
            x[gone, j] = np.nan
    scale = .25 if name == "noise" else 1
    y = (rng.random(n) < 1 / (1 + np.exp(-scale * m))).astype(float)
    return x, y, cats


def lgb_fit(x, y, cats, **more):
    import lightgbm as lgb
    return lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1, **more},
                     lgb.Dataset(x, y, categorical_feature=cats or "auto", params={"verbose": -1}), 100)


def xgb_data(x, y, cats):
    import xgboost as xgb
    types = ["c" if j in set(cats) else "q" for j in range(x.shape[1])]
    return xgb.QuantileDMatrix(x, y, feature_types=types, enable_categorical=True)


def xgb_fit(data, **more):
    import xgboost as xgb
    return xgb.train({"objective": "binary:logistic", "tree_method": "hist", "nthread": 1, **more}, data, 100)


def folds(folder, names):
    from sklearn.metrics import roc_auc_score
    import xgboost as xgb
    for name in names:
        x, y, fold, cats = read(folder, name)
        out = {"lightgbm": [], "xgboost": []}
        for r in range(int(os.environ.get("REPEATS", fold.shape[1]))):
            for f in range(5):
                a, b = fold[:, r] != f, fold[:, r] == f
                out["lightgbm"].append(roc_auc_score(y[b], lgb_fit(x[a], y[a], cats).predict(x[b])))
                types = ["c" if j in set(cats) else "q" for j in range(x.shape[1])]
                # A code that the training rows lack is a missing value: XGBoost refuses it otherwise.
                test = x[b].copy()
                for j in cats:
                    test[~np.isin(test[:, j], x[a, j]), j] = np.nan
                model = xgb_fit(xgb.DMatrix(x[a], y[a], feature_types=types, enable_categorical=True))
                out["xgboost"].append(roc_auc_score(y[b], model.predict(xgb.DMatrix(test, feature_types=types, enable_categorical=True))))
        json.dump(out, open(f"{folder}/{name}.peers.json", "w"))
        print(name, {k: round(float(np.mean(v)), 5) for k, v in out.items()}, flush=True)


def speed(folder, n):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(n, 20))
    cats = [16, 17, 18, 19]
    for j, levels in zip(cats, (5, 20, 100, 200)):
        x[:, j] = rng.integers(0, levels, n)
    effect = [rng.normal(size=200) for _ in cats]
    m = x[:, 0] + .7 * x[:, 1] * x[:, 2] - .4 * x[:, 3] ** 2 + np.sin(2 * x[:, 4]) + .3 * x[:, 5]
    for j, e in zip(cats, effect):
        m += .4 * e[x[:, j].astype(int)]
    x[rng.random((n, 20)) < .03] = np.nan
    y = (rng.random(n) < 1 / (1 + np.exp(-m))).astype(float)
    write(folder, f"speed{n}", x, y, cats, 1)


def peers(folder, n):
    from sklearn.metrics import roc_auc_score
    import xgboost as xgb
    x, y, _, cats = read(folder, f"speed{n}")
    a, b = slice(0, n * 4 // 5), slice(n * 4 // 5, n)

    def timed(name, fn):
        t, u = time.time(), resource.getrusage(resource.RUSAGE_SELF)
        out = fn()
        v = resource.getrusage(resource.RUSAGE_SELF)
        print(f"{name}: {v.ru_utime - u.ru_utime + v.ru_stime - u.ru_stime:.2f} CPU s, {time.time() - t:.2f} s, peak {v.ru_maxrss >> 10} MB", flush=True)
        return out
    which = os.environ.get("PEER", "lightgbm")
    if which == "lightgbm":
        import lightgbm
        model = timed("lightgbm fit", lambda: lgb_fit(x[a], y[a], cats))
        p = timed("lightgbm predict", lambda: model.predict(x[b], num_threads=1))
    else:
        xgb_fit(xgb_data(x[:1000], y[:1000], cats))
        params = {"max_leaves": 31, "grow_policy": "lossguide", "max_depth": 0, "eta": .1} if which == "xgboost31" else {}
        model = timed(which + " fit", lambda: xgb_fit(xgb_data(x[a], y[a], cats), **params))
        p = timed(which + " predict", lambda: model.predict(xgb.DMatrix(x[b], feature_types=["c" if j in cats else "q" for j in range(20)], enable_categorical=True)))
    print(which, "AUC", round(roc_auc_score(y[b], p), 5))


if __name__ == "__main__":
    what, folder = sys.argv[1:3]
    if what == "data":
        shared = sys.argv[3]
        for name in ("categories", "missing", "noise"):
            write(folder, name, *generated(name))
        shop = [f for f in os.listdir(f"{shared}/online-shoppers") if ".csv" in f][0]
        write(folder, "shoppers", *table(f"{shared}/online-shoppers/{shop}", ",", "Revenue", "TRUE"))
        bank = [f for f in os.listdir(f"{shared}/bank-marketing") if "full" in f and ".csv" in f][0]
        write(folder, "bank", *table(f"{shared}/bank-marketing/{bank}", ";", "y", "yes"))
    elif what == "folds":
        folds(folder, sys.argv[3:] or ["shoppers", "bank", "categories", "missing", "noise"])
    elif what == "table":
        speed(folder, int(sys.argv[3]))
    elif what == "peers":
        peers(folder, int(sys.argv[3]))
