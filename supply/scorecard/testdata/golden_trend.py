"""Writes trend.json: python golden_trend.py > trend.json"""
import json, random, scipy
from scipy import stats

random.seed(4)
cases = []
for n in (3, 5, 24):
    at = [round(i + random.random(), 3) for i in range(n)]
    y = [round(0.4 + 0.02 * t + random.gauss(0, 0.05), 4) for t in at]
    f = stats.linregress(at, y)
    h = stats.t.ppf(0.95, n - 2) * f.stderr
    cases.append({"at": at, "scores": y, "want": [f.slope, f.intercept, f.stderr, f.pvalue, f.slope - h, f.slope + h]})
print(json.dumps({"provenance": {"tool": "scipy.stats.linregress", "version": scipy.__version__, "command": "python golden_trend.py"}, "cases": cases}))
