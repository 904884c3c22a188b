"""Writes questionnaire.json: python golden_questionnaire.py > questionnaire.json"""
import json, random, warnings
import numpy as np, pandas as pd, pingouin as pg

warnings.simplefilter("ignore")
random.seed(9)
NONE = -2147483648


def draw(n, k, low, high, missing, reverse):
    rows = []
    for _ in range(n):
        t = random.gauss((low + high) / 2, (high - low) / 4)
        row = []
        for j in range(k):
            v = min(max(round(t + random.gauss(0, (high - low) / 5)), low), high)
            row.append(None if random.random() < missing else (low + high - v if reverse[j] else v))
        rows.append(row)
    return rows


cases = []
for n, k, low, high, missing in [(5, 3, 1, 5, 0), (40, 4, 1, 7, 0), (60, 6, -3, 3, 0.1), (200, 10, 0, 10, 0.03), (30, 2, 1, 5, 0.1)]:
    reverse = [random.random() < 0.4 for _ in range(k)]
    rows = [[3, 4, 3], [5, 5, 4], [1, 2, 2], [4, 4, 5], [2, 3, 3]] if n == 5 else draw(n, k, low, high, missing, reverse)
    if n == 5:
        reverse = [False] * 3
    keyed = pd.DataFrame([[np.nan if v is None else (low + high - v if r else v) for v, r in zip(row, reverse)] for row in rows])
    complete = keyed.dropna()
    out = {"low": low, "high": high, "reversed": reverse, "answers": [[NONE if v is None else v for v in row] for row in rows]}
    a, ci = pg.cronbach_alpha(complete, ci=0.9)
    out["alpha"] = float(a)
    # pingouin rounds its interval to 3 digits.
    out["ci"] = [float(x) for x in ci]
    out["pairwise"] = float(pg.cronbach_alpha(keyed, nan_policy="pairwise")[0])
    c = complete
    out["item_rest"] = [float(np.corrcoef(c[j], c.drop(columns=j).sum(axis=1))[0, 1]) for j in range(k)]
    out["item_total"] = [float(np.corrcoef(c[j], c.sum(axis=1))[0, 1]) for j in range(k)]
    out["dropped"] = [float(pg.cronbach_alpha(c.drop(columns=j))[0]) for j in range(k)] if k > 2 else []
    r = c.corr().to_numpy()
    rbar = (r.sum() - k) / (k * (k - 1))
    out["standardized"] = float(k * rbar / (1 + (k - 1) * rbar))
    out["mean"], out["sd"] = [float(x) for x in c.mean()], [float(x) for x in c.std()]
    cases.append(out)
print(json.dumps({"provenance": {"tool": "pingouin.cronbach_alpha, numpy.corrcoef", "version": f"{pg.__version__}, {np.__version__}", "command": "python golden_questionnaire.py"}, "cases": cases}))
