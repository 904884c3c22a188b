"""Every form of exponential smoothing on one series: python golden_ets.py > ets.json"""
import json, sys, warnings
import numpy as np, statsforecast
from statsforecast.ets import ets_f, forecast_ets
warnings.filterwarnings("ignore")
rng = np.random.default_rng(3)
t = np.arange(48)
y = np.round((60 + .8 * t + 3 * np.cumsum(rng.normal(size=48))) * np.array([1.1, .8, .95, 1.15])[t % 4] * (1 + .05 * rng.normal(size=48)), 3)
out = {"provenance": {"tool": "statsforecast", "version": statsforecast.__version__, "command": "python golden_ets.py > ets.json"}, "y": y.tolist(), "cases": []}
for season in "NAM":
    for trend, damped in (("N", False), ("A", False), ("A", True)):
        for error in "AM":
            if error + season == "AM":
                continue
            f = ets_f(y, 4, error + trend + season, damped=damped)
            q = forecast_ets(f, 9, level=[80])
            p = np.nan_to_num(f["par"][:4])
            state = f["par"][4:].tolist()
            first = 1 + (trend == "A")
            out["cases"].append({
                "form": error + trend + "d" * damped + season, "alpha": p[0], "beta": p[1], "gamma": p[2], "phi": p[3] if damped else 1,
                "level": state[0], "slope": state[1] if trend == "A" else 0, "seasonal": state[first:][::-1] if season != "N" else [],
                "sigma2": f["sigma2"], "loglik": f["loglik"], "aicc": f["aicc"], "aic": f["aic"], "bic": f["bic"], "fitted": f["fitted"].tolist(),
                "mean": q["mean"].tolist(), "low80": q["lo-80"].tolist()})
best = ets_f(y, 4)
out["best"] = {"form": best["method"], "aicc": best["aicc"]}
json.dump(out, sys.stdout)
