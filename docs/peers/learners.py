"""Peers of forests, SVM, FTRL, TreeSHAP and single rows (docs/benchmarks.md). One thread each, processor seconds.

    python docs/peers/learners.py tables DIR         # writes dense (120,000 x 20), dense.x.f64 and dense.y.u8 (200,000 x 50)
    python docs/peers/learners.py lightgbm DIR       # fits LightGBM to DIR/speed100000 of boost.py, writes DIR/lightgbm.txt
    python docs/peers/learners.py forest DIR TREES   # scikit-learn
    python docs/peers/learners.py xgbforest DIR TREES
    python docs/peers/learners.py svm DIR            # liblinear, by scikit-learn
    python docs/peers/learners.py ftrl CLICKS        # Vowpal Wabbit on the stream that predict/online writes
    python docs/peers/learners.py shap DIR           # LightGBM's own and shap's values of 10,000 rows
    python docs/peers/learners.py rows DIR           # LightGBM: one row at a time, 100,000 at once

lightgbm 4.7.0, xgboost 3.2.0, scikit-learn 1.9.1, shap 0.51.0, vowpalwabbit 9.11.9, numpy 2.4.6.
"""
import os, resource, sys, time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
from boost import lgb_fit, read, write


def timed(name, fn):
    t, u = time.time(), resource.getrusage(resource.RUSAGE_SELF)
    out = fn()
    v = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{name}: {v.ru_utime - u.ru_utime + v.ru_stime - u.ru_stime:.3f} CPU s, {time.time() - t:.2f} s, "
          f"peak {v.ru_maxrss >> 10} MB, {u.ru_maxrss >> 10} before", flush=True)
    return out


def dense(n, d, seed):
    """Logistic labels with a few interactions, about a third of them 1."""
    r = np.random.default_rng(seed)
    x = r.normal(size=(n, d))
    w = r.normal(size=d) / np.sqrt(d) * 2
    z = x @ w + .8 * x[:, 0] * x[:, 1] + .6 * np.abs(x[:, 2]) - 1.4
    return x, (r.random(n) < 1 / (1 + np.exp(-z))).astype(float)


def tables(folder):
    write(folder, "dense", *dense(120_000, 20, 11), [], 1)
    x, y = dense(200_000, 50, 12)
    x.astype("<f8").tofile(f"{folder}/dense.x.f64")
    y.astype("u1").tofile(f"{folder}/dense.y.u8")


def forest(folder, trees, which):
    from sklearn.metrics import roc_auc_score
    x, y, _, _ = read(folder, "dense")
    a, b = slice(0, 100_000), slice(100_000, None)
    if which == "forest":
        from sklearn.ensemble import RandomForestClassifier
        model = RandomForestClassifier(trees, n_jobs=1, random_state=1)
    else:
        import xgboost
        model = xgboost.XGBRFClassifier(n_estimators=trees, tree_method="hist", n_jobs=1, max_depth=16, subsample=.632,
                                        colsample_bynode=.2, reg_lambda=1e-5, random_state=1)
    timed(f"{which} fit", lambda: model.fit(x[a], y[a]))
    print("AUC", round(roc_auc_score(y[b], model.predict_proba(x[b])[:, 1]), 5))


def svm(folder):
    from sklearn.svm import LinearSVC
    x, y = np.fromfile(f"{folder}/dense.x.f64", "<f8").reshape(-1, 50), np.fromfile(f"{folder}/dense.y.u8", "u1")
    for tol in (1e-4, 1e-6):
        m = LinearSVC(dual=False, C=1, tol=tol, max_iter=10_000)
        timed(f"liblinear, tol {tol}", lambda: m.fit(x, y))
        f = (x @ m.coef_[0] + m.intercept_[0]) * (2. * y - 1)
        print(f"objective {.5 * (m.coef_ ** 2).sum() + .5 * m.intercept_[0] ** 2 + (np.maximum(0, 1 - f) ** 2).sum():.4f}")


def ftrl(path):
    import vowpalwabbit
    for args in ("--ftrl", ""):
        vw = None

        def run():
            nonlocal vw
            vw = vowpalwabbit.Workspace(args + " --loss_function logistic -b 18 --quiet -d " + path)
        timed(f"vw {args or 'adaptive'}", run)
        print(f"{vw.get_weighted_examples():.0f} examples, progressive loss {vw.get_sum_loss() / vw.get_weighted_examples():.5f}")
        vw.finish()


def shap(folder):
    import lightgbm, shap as lib
    x = read(folder, "speed100000")[0][:10_000]
    m = lightgbm.Booster(model_file=f"{folder}/lightgbm.txt")
    p = timed("lightgbm pred_contrib", lambda: m.predict(x, pred_contrib=True, num_threads=1))
    q = timed("shap", lambda: lib.TreeExplainer(m, feature_perturbation="tree_path_dependent").shap_values(x))
    print("sum", p[:, :20].sum(), q.sum())


def rows(folder):
    import lightgbm
    x = read(folder, "speed100000")[0]
    m = lightgbm.Booster(model_file=f"{folder}/lightgbm.txt")
    timed("lightgbm, 5,000 calls of one row", lambda: [m.predict(x[i:i + 1], num_threads=1) for i in range(5000)])
    timed("lightgbm, 100,000 rows", lambda: m.predict(x, num_threads=1))


if __name__ == "__main__":
    what, folder = sys.argv[1:3]
    if what in ("forest", "xgbforest"):
        forest(folder, int(sys.argv[3]), what)
    elif what == "lightgbm":
        x, y, _, cats = read(folder, "speed100000")
        lgb_fit(x[:80_000], y[:80_000], []).save_model(f"{folder}/lightgbm.txt")
    else:
        {"tables": tables, "svm": svm, "ftrl": ftrl, "shap": shap, "rows": rows}[what](folder)
