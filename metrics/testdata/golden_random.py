"""Makes random.json of this folder: python golden_random.py

Twenty random cases for the functions used most, each by a package that computes it on its own.
Needs numpy, scipy, scikit-learn, statsmodels, ranx, scikit-uplift.
"""
import importlib.metadata as md
import json
import numpy as np
from ranx import Qrels, Run, evaluate
from scipy import stats
from sklearn import metrics as sk
from sklift.metrics import qini_auc_score, uplift_auc_score
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

RANKED = ["ndcg@7", "map@7", "mrr@7", "precision@7", "recall@7", "hit_rate@7", "r-precision", "ndcg_burges@7"]


def case(seed):
    rng = np.random.default_rng([20261122, seed])
    c = {"seed": seed}
    # Scores and probabilities, with ties in every other case, weights in every third.
    n = int(rng.integers(12, 60))
    p = np.round(rng.uniform(.001, .999, n), 1 if seed % 2 else 3).clip(.001, .999)
    y = (rng.uniform(size=n) < p).astype(int)
    y[:2] = 0, 1
    w = np.round(rng.uniform(0, 3, n), 2) if seed % 3 == 0 else None
    if w is not None:
        w[:2] = 1
    ww = np.ones(n) if w is None else w
    fpr, tpr, _ = sk.roc_curve(y, p, sample_weight=w)
    b = np.minimum((p * 10).astype(int), 9)
    ece = sum(abs((ww * (p - y))[b == i].sum()) for i in range(10)) / ww.sum()
    c["scores"] = {"y": y, "p": p, "w": [] if w is None else w, "auc": sk.roc_auc_score(y, p, sample_weight=w),
                   "ap": sk.average_precision_score(y, p, sample_weight=w), "logloss": sk.log_loss(y, p, sample_weight=w),
                   "brier": sk.brier_score_loss(y, p, sample_weight=w), "ks": np.abs(tpr - fpr).max(), "ece": ece}
    # One long list with tied scores.
    m = int(rng.integers(5, 90))
    rel, s = rng.integers(0, 4, m), np.round(rng.normal(size=m), int(rng.integers(0, 3)))
    rel[0] = 2
    c["ties"] = {"rel": rel, "s": s, "k": [1, 5, m], "ndcg": [sk.ndcg_score([rel], [s], k=k) for k in (1, 5, m)]}
    # Ranked lists.
    lists, truth = [], []
    for _ in range(5):
        lists.append(rng.permutation(20)[:int(rng.integers(1, 12))].tolist())
        truth.append({str(i): int(rng.integers(1, 4)) for i in rng.permutation(20)[:int(rng.integers(1, 9))]})
    q = Qrels({f"u{i}": t for i, t in enumerate(truth)})
    r = Run({f"u{i}": {str(x): 100. - j for j, x in enumerate(l)} for i, l in enumerate(lists)})
    c["lists"] = {"lists": lists, "truth": truth, "ranx": {k: float(v) for k, v in evaluate(q, r, RANKED).items()}}
    # Two samples.
    a = np.round(rng.gamma(2, 3, int(rng.integers(4, 30))) - 1, 3)
    z = np.round(rng.normal(rng.normal(), rng.uniform(.5, 5), int(rng.integers(4, 30))) + 5, 3)
    t = stats.ttest_ind(z, a, equal_var=False)
    ci = t.confidence_interval(.9)
    k = stats.ks_2samp(a, z, method="asymp")
    c["welch"] = {"a": a, "b": z, "t": t.statistic, "p": t.pvalue, "df": t.df, "low": ci.low, "high": ci.high, "ks": k.statistic}
    # Two proportions.
    na, nb = (int(x) for x in rng.integers(40, 3000, 2))
    xa, xb = int(rng.binomial(na, .3)), int(rng.binomial(nb, .33))
    stat, pv = proportions_ztest([xb, xa], [nb, na])
    lo, hi = confint_proportions_2indep(xb, nb, xa, na, method="wald", compare="diff")
    c["prop"] = {"n": [na, nb], "x": [xa, xb], "z": stat, "p": pv, "ci": [lo, hi], "wilson": proportion_confint(xa, na, method="wilson"),
                 "exact": proportion_confint(xb, nb, method="beta")}
    # A ratio metric of two arms: weighted regression on a constant, HC1.
    arms, est, var = [], [], []
    for _ in range(2):
        k = int(rng.integers(10, 50))
        d = rng.integers(1, 9, k)
        num = rng.poisson(d * rng.gamma(3, .2, k))
        fit = sm.WLS(num / d, np.ones(k), weights=d).fit(cov_type="HC1")
        arms.append({"num": num, "den": d})
        est.append(fit.params[0])
        var.append(fit.cov_params()[0, 0])
    c["ratio"] = {"arms": arms, "value": est, "diff": est[1] - est[0], "se": np.sqrt(sum(var))}
    # CUPED: the slope of all users, then Welch on what is left.
    xs = [np.round(rng.normal(10, 3, int(rng.integers(8, 40))), 3) for _ in range(2)]
    ys = [np.round(.8 * x + rng.normal(i, 1, len(x)), 3) for i, x in enumerate(xs)]
    theta = stats.linregress(np.concatenate(xs), np.concatenate(ys)).slope
    t = stats.ttest_ind(ys[1] - theta * xs[1], ys[0] - theta * xs[0], equal_var=False)
    ci = t.confidence_interval(.95)
    c["cuped"] = {"x": xs, "y": ys, "theta": theta, "t": t.statistic, "p": t.pvalue, "df": t.df, "low": ci.low, "high": ci.high}
    # Split check.
    weights = rng.integers(1, 6, int(rng.integers(2, 5)))
    counts = rng.multinomial(int(rng.integers(500, 90000)), weights / weights.sum())
    chi = stats.chisquare(counts, counts.sum() * weights / weights.sum())
    c["srm"] = {"counts": counts, "weights": weights.astype(float), "chi2": chi.statistic, "p": chi.pvalue}
    # Many tests.
    ps = np.round(rng.beta(.4, 2, int(rng.integers(2, 15))), 5)
    c["many"] = {"p": ps, **{m: multipletests(ps, method=m)[1] for m in ("holm", "fdr_bh", "bonferroni", "simes-hochberg", "fdr_by")}}
    # Predictions of numbers.
    obs, fc = np.round(rng.normal(50, 20, n), 2), np.round(rng.normal(50, 20, n), 2)
    c["regression"] = {"y": obs, "f": fc, "mae": sk.mean_absolute_error(obs, fc), "rmse": sk.root_mean_squared_error(obs, fc), "r2": sk.r2_score(obs, fc),
                       "mape": sk.mean_absolute_percentage_error(obs, fc)}
    # Uplift.
    n = int(rng.integers(30, 120))
    score, tr = np.round(rng.normal(size=n), 1 if seed % 2 else 4), rng.integers(0, 2, n)
    out = (rng.uniform(size=n) < .3 + .2 * tr * (score > 0)).astype(int)
    c["uplift"] = {"y": out, "t": tr, "s": score, "qini": qini_auc_score(out, score, tr), "uplift": uplift_auc_score(out, score, tr)}
    return c


tools = ["scikit-learn", "scipy", "statsmodels", "ranx", "scikit-uplift"]
prov = {"tool": ", ".join(tools), "version": ", ".join(map(md.version, tools)), "command": "python golden_random.py"}
with open("random.json", "w") as f:
    json.dump({"provenance": prov, "cases": [case(s) for s in range(20)]}, f, default=lambda x: x.tolist())
    f.write("\n")
