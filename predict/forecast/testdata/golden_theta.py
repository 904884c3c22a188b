"""Theta models and the classical season: python golden_theta.py > theta.json"""
import json, sys
import numpy as np, statsforecast
from statsforecast.models import AutoTheta, Theta, OptimizedTheta, DynamicTheta, DynamicOptimizedTheta
from statsmodels.tsa.seasonal import seasonal_decompose
rng = np.random.default_rng(5)
t = np.arange(60)
air = np.array([112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140], float)
quarters = np.round((80 + .9 * t + 2 * np.cumsum(rng.normal(size=60))) * np.array([1.2, .8, .9, 1.1])[t % 4] * (1 + .03 * rng.normal(size=60)), 3)
days = np.round(3 + 2 * np.sin(2 * np.pi * t / 7) + rng.normal(size=60), 3)
out = {"provenance": {"tool": "statsforecast, statsmodels", "version": statsforecast.__version__ + ", 0.15.0", "command": "python golden_theta.py > theta.json"}, "cases": []}
for name, y, m in (("air", air, 1), ("quarters", quarters, 4), ("days", days, 7)):
    c = {"name": name, "y": y.tolist(), "season": m, "mean": {}, "loss": {}}
    for k, M in (("STM", Theta), ("OTM", OptimizedTheta), ("DSTM", DynamicTheta), ("DOTM", DynamicOptimizedTheta), ("", AutoTheta)):
        f = M(season_length=m).fit(y)
        c["mean"][k] = f.predict(h=9)["mean"].tolist()
        c["loss"][k] = f.model_["mse"]  # sum of squares from the fourth error on, over the mean of |y| without the season
    c["additive"] = seasonal_decompose(y, period=m, model="additive").seasonal[:m].tolist() if m > 1 else []
    c["factors"] = seasonal_decompose(y, period=m, model="multiplicative").seasonal[:m].tolist() if m == 4 else []
    out["cases"].append(c)
json.dump(out, sys.stdout)
