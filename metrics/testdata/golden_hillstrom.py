"""Makes hillstrom.json of this folder: python golden_hillstrom.py hillstrom.csv.gz

Needs numpy, pandas, scipy, statsmodels, scikit-uplift.
"""
import importlib.metadata as md
import json
import sys
import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import brentq
from sklift.metrics import qini_auc_score, uplift_at_k
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

df = pd.read_csv(sys.argv[1])
arms = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"]


def score(a, b, d):
    """Score statistic of the difference d: the variance is that of the likeliest rates p and p + d."""
    low, high = max(0, -d), min(1, 1 - d)
    slope = lambda p: sum(x.sum() / r - (len(x) - x.sum()) / (1 - r) for x, r in ((a, p), (b, p + d)))
    p = brentq(slope, low + 1e-12, high - 1e-12, xtol=1e-16)
    return (b.mean() - a.mean() - d) / np.sqrt(p * (1 - p) / len(a) + (p + d) * (1 - p - d) / len(b))


def analyse(d):
    rows = []
    c = d[d.segment == arms[0]]
    for metric in ("visit", "conversion", "spend", "spend_cuped", "spend_capped", "spend_per_visit"):
        for arm in arms[1:]:
            t = d[d.segment == arm]
            if metric in ("visit", "conversion"):
                a, b = c[metric], t[metric]
                z, p = proportions_ztest([b.sum(), a.sum()], [len(b), len(a)])
                est = b.mean() - a.mean()
                lo, hi = (brentq(lambda d: score(a, b, d) - s * stats.norm.ppf(.975), est - .05, est + .05, xtol=1e-15) for s in (1, -1))
            elif metric == "spend_per_visit":
                # Ratio by its estimating equation: sum(spend - R*visit) = 0, sandwich variance per arm.
                R, V = [], []
                for x in (c, t):
                    r = x.spend.sum() / x.visit.sum()
                    e = (x.spend - r * x.visit) / x.visit.mean()
                    R.append(r)
                    V.append(e.var(ddof=1) / len(x))
                est, se = R[1] - R[0], np.sqrt(sum(V))
                dof = sum(V) ** 2 / (V[0] ** 2 / (len(c) - 1) + V[1] ** 2 / (len(t) - 1))
                p = 2 * stats.t.sf(abs(est / se), dof)
                q = stats.t.ppf(.975, dof)
                lo, hi = est - q * se, est + q * se
            else:
                if metric == "spend":
                    a, b = c.spend, t.spend
                elif metric == "spend_capped":
                    cap = np.quantile(d.spend, .999)
                    a, b = c.spend.clip(upper=cap), t.spend.clip(upper=cap)
                else:
                    both = pd.concat([c, t])
                    th = np.cov(both.spend, both.history)[0, 1] / both.history.var()
                    a, b = [x.spend - th * (x.history - both.history.mean()) for x in (c, t)]
                cm = CompareMeans(DescrStatsW(b), DescrStatsW(a))
                est = b.mean() - a.mean()
                _, p, _ = cm.ttest_ind(usevar="unequal")
                lo, hi = cm.tconfint_diff(usevar="unequal")
            rows.append({"metric": metric, "arm": arm, "estimate": est, "p": p, "low": lo, "high": hi})
    for r, q in zip(rows, multipletests([r["p"] for r in rows], method="holm")[1]):
        r["holm"] = q
    return rows


out = {"all": analyse(df), "old": analyse(df[df.newbie == 0]), "new": analyse(df[df.newbie == 1])}
counts = df.segment.value_counts()
out["srm"] = stats.chisquare([counts[a] for a in arms])._asdict() if hasattr(stats.chisquare([1, 1]), "_asdict") else None
r = stats.chisquare([counts[a] for a in arms])
out["srm"] = {"counts": [int(counts[a]) for a in arms], "chi2": r.statistic, "p": r.pvalue}
# interaction by regression: arm x newbie on spend, unequal variances by cell
d = df[df.segment.isin(arms[:2])]
est, se = [], []
for k in (0, 1):
    a, b = d[(d.newbie == k) & (d.segment == arms[0])].spend, d[(d.newbie == k) & (d.segment == arms[1])].spend
    est.append(b.mean() - a.mean())
    se.append(np.sqrt(a.var() / len(a) + b.var() / len(b)))
z = (est[1] - est[0]) / np.hypot(*se)
out["interaction"] = {"q": z * z, "p": 2 * stats.norm.sf(abs(z))}
# uplift of ranking by history, women's mail against none, visits
d = df[df.segment.isin([arms[0], arms[2]])]
t = (d.segment == arms[2]).astype(int).to_numpy()
out["uplift"] = {"score": qini_auc_score(d.visit.to_numpy(), d.history.to_numpy(), t)}
prov = {"tool": "statsmodels, scipy, scikit-uplift", "version": ", ".join(md.version(m) for m in ("statsmodels", "scipy", "scikit-uplift")),
        "command": "python golden_hillstrom.py hillstrom.csv.gz"}
with open("hillstrom.json", "w") as f:
    json.dump({"provenance": prov, **out}, f, default=lambda x: x.tolist())
    f.write("\n")
