"""Numbers of lifetimes for the tests of predict/lifetime: python golden_lifetime.py <cdnow folder> <out.json> [samples]

Needs lifetimes 0.11.3. Sample k of customers is drawn by the linear congruential generator of Knuth
(6364136223846793005, 1442695040888963407) begun at k: index (state >> 33) mod n, n times.
"""
import gzip, json, sys, warnings
import numpy as np, pandas as pd
import lifetimes
from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter, GammaGammaFitter

warnings.simplefilter("ignore")
folder, out = sys.argv[1], sys.argv[2]
samples = int(sys.argv[3]) if len(sys.argv) > 3 else 100
d = pd.read_csv(folder + "/cdnow_customers_summary_with_transactions.csv.gz")
d.columns = ["id", "x", "tx", "T", "value"]
n = len(d)


def fit(cls, s):
    f = cls(penalizer_coef=0.0)
    if cls is GammaGammaFitter:
        s = s[s.x > 0]
        f.fit(s.x, s.value)
        ll = -f._negative_log_likelihood_ * len(s)
        if hasattr(f, "_scale"):
            pass
    else:
        w = s.groupby(["x", "tx", "T"]).size().reset_index(name="w")
        f.fit(w.x, w.tx, w["T"], weights=w.w)
    return f


def loglik(cls, f, s):
    p = np.log(f.params_.values)
    if cls is GammaGammaFitter:
        s = s[s.x > 0]
        return -float(cls._negative_log_likelihood(p, s.x.values, s.value.values, np.ones(len(s)), 0.0)) * len(s)
    nll = cls._negative_log_likelihood(p, s.x.values, s.tx.values, s["T"].values, np.ones(n), 0.0)
    return -float(nll) * n


def numbers(cls, s):
    f = fit(cls, s)
    se = f.standard_errors_ if hasattr(f, "standard_errors_") else None
    return {"params": f.params_.tolist(), "stderrs": None if se is None else [float(x) for x in se], "ll": loglik(cls, f, s)}


res = {"provenance": {"tool": "lifetimes", "version": lifetimes.__version__ if hasattr(lifetimes, "__version__") else "0.11.3",
                      "command": "python golden_lifetime.py cdnow lifetime.json"}}
res["full"] = {c.__name__: numbers(c, d) for c in (BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter, GammaGammaFitter)}
pts = [(0, 0.0, 38.86), (1, 1.71, 38.86), (2, 30.43, 38.86), (26, 30.86, 31.0), (7, 10.0, 30.0)]
res["points"] = pts
x, tx, T = (np.array(v) for v in zip(*pts))
for c in (BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter):
    f = fit(c, d)
    e = res["full"][c.__name__]
    e["alive"] = np.atleast_1d(f.conditional_probability_alive(x, tx, T)).astype(float).tolist()
    e["expected"] = np.atleast_1d(f.conditional_expected_number_of_purchases_up_to_time(39, x, tx, T)).astype(float).tolist()
    e["fresh"] = [float(f.expected_number_of_purchases_up_to_time(t)) for t in (1, 10, 52)]
    if c is ParetoNBDFitter:
        e["given"] = [[float(f.conditional_probability_of_n_purchases_up_to_time(k, 39, a, b, T_)) for k in range(4)] for a, b, T_ in pts]
    else:
        e["prob"] = [float(f.probability_of_n_purchases_up_to_time(30, k)) for k in range(5)]
runs = []
for k in range(1, samples + 1):
    state, idx = k, []
    for _ in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        idx.append((state >> 33) % n)
    s = d.iloc[idx]
    row = {"seed": k}
    for c in (BetaGeoFitter, ModifiedBetaGeoFitter, GammaGammaFitter) + ((ParetoNBDFitter,) if k <= 20 else ()):
        try:
            r = numbers(c, s)
            row[c.__name__] = {"ll": r["ll"], "stderrs": r["stderrs"], "params": r["params"]}
        except Exception as e:
            row[c.__name__] = {"error": str(e)[:60]}
    runs.append(row)
res["samples"] = runs
json.dump(res, open(out, "w"), indent=1)
