"""Makes golden files of this folder and of ../ranking: python golden.py

Needs numpy, scipy, pandas, scikit-learn, statsmodels, ranx, lenskit, rectools.
"""
import importlib.metadata as md
import json
import numpy as np
import pandas as pd
from scipy import stats
from sklearn import metrics as sk
from statsmodels.stats.proportion import proportions_ztest, proportion_confint


def save(name, tools, **data):
    prov = {"tool": ", ".join(tools), "version": ", ".join(md.version(t) for t in tools),
            "command": "python golden.py" + (", in metrics/testdata" if "/" in name else "")}
    data = {"provenance": prov, **data}
    with open(name, "w") as f:
        json.dump(data, f, default=lambda x: x.tolist())
        f.write("\n")


def ranking():
    from ranx import Qrels, Run, evaluate
    from lenskit.data import ItemList
    from lenskit.metrics import NDCG, RBP, Hit, Precision, Recall, RecipRank
    from lenskit.metrics.ranking import AveragePrecision
    rng = np.random.default_rng(1)
    items, users, ks = 60, 40, [5, 10, 20]
    lists, truth = [], []
    for u in range(users):
        n = 20 if u % 4 else int(rng.integers(1, 20))
        t = rng.choice(items, int(rng.integers(1, 30)), replace=False)
        g = rng.integers(1, 5, len(t))
        like = np.zeros(items)
        like[t] = g * 0.5
        order = np.argsort(-(like + rng.normal(size=items) * 1.5))
        lists.append(order[:n].tolist())
        truth.append({int(i): int(x) for i, x in zip(t, g)})
    qrels = Qrels({f"u{u}": {f"i{i}": g for i, g in t.items()} for u, t in enumerate(truth)})
    run = Run({f"u{u}": {f"i{i}": float(100 - r) for r, i in enumerate(l)} for u, l in enumerate(lists)})
    names = ["precision", "recall", "hit_rate", "map", "mrr", "ndcg", "ndcg_burges"]
    ranx = {}
    for n in names:
        for k in ks:
            ranx[f"{n}@{k}"] = float(evaluate(qrels, run, f"{n}@{k}"))
    ranx["r-precision"] = float(evaluate(qrels, run, "r-precision"))
    # ranx weighs rank-biased precision by the grade, so give it grades of 1
    hits = Qrels({f"u{u}": {f"i{i}": 1 for i in t} for u, t in enumerate(truth)})
    for n in ["rbp.80", "rbp.50"]:
        ranx[n] = float(evaluate(hits, run, n))
    # scikit-learn on the users whose list is long enough, any order below it
    full = [u for u in range(users) if len(lists[u]) == 20]
    y = np.zeros((len(full), items))
    s = np.zeros((len(full), items))
    for j, u in enumerate(full):
        for i, g in truth[u].items():
            y[j, i] = g
        s[j] = -1 - np.arange(items)
        for r, i in enumerate(lists[u]):
            s[j, i] = 100 - r
    skl = {str(k): {"ndcg": [sk.ndcg_score(y[j:j + 1], s[j:j + 1], k=k) for j in range(len(full))]} for k in ks}
    lk = {}
    for k in ks:
        ms = {"precision": Precision(k), "recall": Recall(k), "hitrate": Hit(k), "map": AveragePrecision(k), "mrr": RecipRank(k),
              "ndcg": NDCG(k), "rbp": RBP(k)}
        for n, m in ms.items():
            v = [m.measure_list(ItemList(item_ids=np.array(lists[u]), ordered=True), ItemList(item_ids=np.array(sorted(truth[u]))))
                 for u in range(users)]
            lk[f"{n}@{k}"] = float(np.mean(v))
    auc = []
    for j, u in enumerate(full):
        # items outside the list tie last
        z = np.where(s[j] > 0, s[j], -1)
        auc.append(sk.roc_auc_score(y[j] > 0, z))
    save("../ranking/testdata/ranking.json", ["ranx", "scikit-learn", "lenskit"], items=items, k=ks, lists=lists,
         truth=[{str(i): g for i, g in t.items()} for t in truth], ranx=ranx, full=full, sklearn=skl, lenskit=lk, auc=auc)


def beyond():
    from rectools import Columns
    from rectools.metrics import AvgRecPopularity, CatalogCoverage, MeanInvUserFreq, Serendipity
    rng = np.random.default_rng(2)
    items, users, train_users, k = 30, 25, 50, 5
    pop = rng.permutation(np.arange(1, items + 1))  # no ties: every library ranks alike
    prev = pd.DataFrame([(u, i) for i in range(items) for u in rng.choice(train_users, pop[i], replace=False)],
                        columns=[Columns.User, Columns.Item])
    assert prev[Columns.User].nunique() == train_users
    p = pop / pop.sum()
    lists = [rng.choice(items, k, replace=False, p=p).tolist() for _ in range(users)]
    truth = [sorted(rng.choice(items, 8, replace=False).tolist()) for _ in range(users)]
    reco = pd.DataFrame([(u, i, r + 1) for u, l in enumerate(lists) for r, i in enumerate(l)],
                        columns=[Columns.User, Columns.Item, Columns.Rank])
    test = pd.DataFrame([(u, i) for u, t in enumerate(truth) for i in t], columns=[Columns.User, Columns.Item])
    catalog = list(range(items))
    count = np.bincount(np.array(lists).ravel(), minlength=items)
    x = np.sort(count)
    gini = float(((2 * np.arange(1, items + 1) - items - 1) * x).sum() / (items * x.sum()))
    a = np.zeros((users, items))
    for u, l in enumerate(lists):
        a[u, l] = 1
    cos = sk.pairwise.cosine_similarity(a)
    save("../ranking/testdata/beyond.json", ["rectools", "scipy", "scikit-learn"], items=items, train_users=train_users, k=k, pop=pop, lists=lists, truth=truth,
         coverage=float(CatalogCoverage(k, normalize=True).calc(reco, catalog)), miuf=float(MeanInvUserFreq(k).calc(reco, prev)),
         arp=float(AvgRecPopularity(k).calc(reco, prev)), serendipity=float(Serendipity(k).calc(reco, test, prev, catalog)),
         entropy=float(stats.entropy(count)), gini=gini, personalization=float(1 - cos[np.triu_indices(users, 1)].mean()))


def scores():
    rng = np.random.default_rng(3)
    cases = []
    for name, n, dec in [("ties", 200, 1), ("few ties", 300, 3), ("no ties", 300, 17)]:
        y = rng.random(n) < 0.3
        p = np.round(np.clip(rng.beta(2, 3, n) + 0.25 * y, 0, 1), dec)
        w = np.round(rng.gamma(1, 1, n), 3)
        w[::17] = 0
        c = {"name": name, "y": y, "p": p, "w": w}
        for tag, sw in [("", None), ("_w", w)]:
            c["auc" + tag] = sk.roc_auc_score(y, p, sample_weight=sw)
            c["ap" + tag] = sk.average_precision_score(y, p, sample_weight=sw)
            c["log_loss" + tag] = sk.log_loss(y, p, sample_weight=sw)
            c["brier" + tag] = sk.brier_score_loss(y, p, sample_weight=sw)
        c["ks"] = stats.ks_2samp(p[y], p[~y]).statistic
        h = p >= 0.5
        c["at_half"] = {"precision": sk.precision_score(y, h), "recall": sk.recall_score(y, h), "f1": sk.f1_score(y, h),
                        "f2": sk.fbeta_score(y, h, beta=2), "mcc": sk.matthews_corrcoef(y, h), "accuracy": sk.accuracy_score(y, h),
                        "balanced": sk.balanced_accuracy_score(y, h)}
        fpr, tpr, _ = sk.roc_curve(y, p, drop_intermediate=False)
        c["fpr"], c["tpr"] = fpr, tpr
        cases.append(c)
    save("scores.json", ["scikit-learn", "scipy"], cases=cases)


def regression():
    rng = np.random.default_rng(4)
    y = np.round(rng.normal(10, 4, 100), 2)
    f = np.round(y + rng.normal(0.5, 2, 100), 2)
    save("regression.json", ["scikit-learn"], y=y, f=f, mae=sk.mean_absolute_error(y, f), rmse=sk.root_mean_squared_error(y, f),
         r2=sk.r2_score(y, f), mape=sk.mean_absolute_percentage_error(y, f))


def experiments():
    props = []
    for x, n, z, m in [(40, 100, 50, 100), (120, 2400, 160, 2390), (3, 40, 9, 38), (0, 12, 5, 14), (9000, 10**6, 9400, 10**6), (1, 10**5, 7, 10**5)]:
        zz, p = proportions_ztest([z, x], [m, n])
        lo, hi = proportion_confint(z, m, method="wilson")
        lo9, hi9 = proportion_confint(z, m, alpha=0.1, method="wilson")
        props.append({"a": [x, n], "b": [z, m], "z": zz, "p": p, "wilson": [lo, hi], "wilson90": [lo9, hi9],
                      "fisher": stats.fisher_exact([[x, n - x], [z, m - z]])[1]})
    rng = np.random.default_rng(5)
    means = []
    for na, nb, sb, d, level in [(12, 9, 1, .5, .95), (200, 150, 3, .2, .95), (30, 30, 1, 0, .9), (5, 4000, 2, 1, .99), (2, 2, 1, 3, .95)]:
        a, b = np.round(rng.normal(10, 1, na), 4), np.round(rng.normal(10 + d, sb, nb), 4)
        t = stats.ttest_ind(b, a, equal_var=False)
        ci = t.confidence_interval(level)
        means.append({"na": na, "ma": a.mean(), "va": a.var(ddof=1), "nb": nb, "mb": b.mean(), "vb": b.var(ddof=1), "level": level,
                      "t": t.statistic, "df": t.df, "p": t.pvalue, "ci": [ci.low, ci.high]})
    srm = []
    for c, w in [([9463, 7681], [.5, .5]), ([120, 95, 210], [1, 1, 2]), ([100, 90, 110, 105], [1, 1, 1, 1])]:
        e = np.array(w) / np.sum(w) * np.sum(c)
        r = stats.chisquare(c, e)
        srm.append({"counts": c, "weights": w, "chi2": r.statistic, "p": r.pvalue})
    tails = [{"t": t, "df": df, "p": 2 * stats.t.sf(t, df)} for t in [.1, 1, 3, 8, 30] for df in [1, 2.5, 30, 1e3, 1e6]]
    quantiles = [{"p": p, "df": df, "q": stats.t.ppf(p, df)} for p in [.9, .975, .995] for df in [1, 2.5, 30, 1e3, 1e6]]
    save("effects.json", ["scipy", "statsmodels"], proportions=props, means=means, tails=tails, quantiles=quantiles)
    save("../experiment/testdata/srm.json", ["scipy", "statsmodels"], srm=srm)


ranking()
beyond()
scores()
regression()
experiments()
