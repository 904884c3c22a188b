"""Numbers for predict.PriceElasticity: python golden_price.py > price.json

statsmodels: OLS, GLM and OLS with HAC errors on dummies; linearmodels: PanelOLS and IV2SLS, clustered by product.
"""
import json, sys
import numpy as np, pandas as pd
import statsmodels, statsmodels.api as sm, linearmodels
from linearmodels.panel import PanelOLS
from linearmodels.iv import IV2SLS
from scipy import stats

rng = np.random.default_rng(18)
rows = []
for i in range(12):
    for t in range(15):
        if rng.random() < .12:
            continue
        shock, cost = .3 * rng.standard_normal(), .25 * rng.standard_normal()
        lnp = 1 + .1 * i + cost + .4 * shock + .05 * rng.standard_normal()
        lam = np.exp(1.2 + .15 * i + .3 * np.sin(t) - 1.7 * (lnp - 1 - .1 * i) + shock)
        rows.append((i, t, round(float(np.exp(lnp)), 4), round(float(np.exp(.5 + cost)), 4), round(float(lam), 3), int(rng.poisson(lam))))
d = pd.DataFrame(rows, columns=["product", "period", "price", "cost", "quantity", "count"])
n = len(d)
d["y"], d["x"], d["z"], d["const"] = np.log(d.quantity), np.log(d.price), np.log(d.cost), 1.0
dummies = pd.get_dummies(d["product"], prefix="p", dtype=float).join(pd.get_dummies(d["period"], prefix="t", drop_first=True, dtype=float))
G = d["product"].nunique()


def nested(n, K, k):
    """Effects of products are nested in the clusters and not counted, as by Stata's reghdfe: K are all parameters, k those that count."""
    return np.sqrt((n - K) / (n - k))


def interval(b, se, df):
    q = stats.t.ppf(.975, df)
    return [float(b), float(se), float(b - q * se), float(b + q * se)]


out = {"provenance": {"tool": "statsmodels, linearmodels", "version": statsmodels.__version__ + ", " + linearmodels.__version__, "command": "python golden_price.py > price.json"},
       "rows": d[["product", "period", "price", "cost", "quantity", "count"]].values.tolist()}
X = d[["x"]].join(dummies)
f = sm.OLS(d.y, X).fit(cov_type="cluster", cov_kwds={"groups": d["product"], "use_correction": True})
T = d["period"].nunique()
c2 = nested(n, G + T, T)
out["ols"] = interval(f.params["x"], f.bse["x"] * c2, G - 1)
panel = PanelOLS(d.set_index(["product", "period"]).y, d.set_index(["product", "period"])[["x"]], entity_effects=True, time_effects=True)
g = panel.fit(cov_type="clustered", cluster_entity=True)
out["panel"] = [float(g.params["x"]), float(g.std_errors["x"])]
iv = IV2SLS(d.y, dummies, d[["x"]], d[["z"]]).fit(cov_type="clustered", clusters=d["product"], debiased=True)
out["iv"] = interval(iv.params["x"], iv.std_errors["x"] * c2, G - 1)
first = sm.OLS(d.x, d[["z"]].join(dummies)).fit(cov_type="cluster", cov_kwds={"groups": d["product"], "use_correction": True})
out["first"] = float(first.tvalues["z"] ** 2 / c2**2)
keep = d.groupby("product")["count"].transform("sum") * d.groupby("period")["count"].transform("sum") > 0
p = sm.GLM(d["count"][keep], X[keep], family=sm.families.Poisson()).fit(tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds={"groups": d["product"][keep], "use_correction": True})
out["poisson"] = interval(p.params["x"], p.bse["x"] * nested(int(keep.sum()), G + T, T), G - 1)
# The demand of product 3 answers to the price of product 4, too.
other = d[d["product"] == 4].set_index("period").x
c = d[(d["product"] != 3) | d["period"].isin(other.index)].copy()
c["w"] = np.where(c["product"] == 3, c["period"].map(other), 0.0)
cd = dummies.loc[c.index]
f = sm.OLS(c.y, c[["x", "w"]].join(cd)).fit(cov_type="cluster", cov_kwds={"groups": c["product"], "use_correction": True})
out["cross"] = interval(f.params["x"], f.bse["x"] * nested(len(c), G + T + 1, T + 1), G - 1) + [float(f.params["w"])]
# One product: classical errors, or those of Newey and West where they are greater.
one = d[d["product"] == 7]
f = sm.OLS(one.y, one[["const", "x"]]).fit()
lags = int(np.cbrt(len(one)))
h = sm.OLS(one.y, one[["const", "x"]]).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
out["one"] = [float(f.params["x"]), float(max(f.bse["x"], h.bse["x"]))]
# No effects of periods.
f = sm.OLS(d.y, d[["x"]].join(pd.get_dummies(d["product"], dtype=float))).fit(cov_type="cluster", cov_kwds={"groups": d["product"], "use_correction": True})
out["noPeriods"] = interval(f.params["x"], f.bse["x"] * nested(n, G + 1, 2), G - 1)
print(json.dumps(out))
