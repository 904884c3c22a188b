"""Numbers of the simple methods: python golden_naive.py > naive.json"""
import json, sys
import numpy as np, statsforecast
from statsforecast.models import Naive, SeasonalNaive, RandomWalkWithDrift, HistoricAverage
y = np.array([112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140], float)
out = {"provenance": {"tool": "statsforecast", "version": statsforecast.__version__, "command": "python golden_naive.py > naive.json"}, "y": y.tolist(), "cases": []}
for name, m in (("naive", Naive()), ("seasonal", SeasonalNaive(season_length=12)), ("drift", RandomWalkWithDrift()), ("mean", HistoricAverage())):
    f = m.forecast(y=y, h=14, level=[80, 95])
    out["cases"].append({"name": name, "mean": f["mean"].tolist(), "low80": f["lo-80"].tolist(), "high95": f["hi-95"].tolist()})
json.dump(out, sys.stdout)
