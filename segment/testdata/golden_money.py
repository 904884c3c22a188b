"""Writes money.json: python golden_money.py > money.json (numpy, lifelines)."""

import json
from importlib.metadata import version

import numpy as np
from lifelines import KaplanMeierFitter

rng = np.random.default_rng(11)
amounts = np.round(np.exp(rng.normal(8, 1.4, 997))).astype(int)
amounts[:150] = 2000  # ties
x = np.sort(amounts)
n, total = len(x), int(x.sum())
gini = float(np.abs(x[:, None] - x[None, :]).sum() / (2 * n * total))  # the definition, over all pairs
down = np.concatenate([[0], np.cumsum(x[::-1])])
top = {str(q): float(np.interp(q * n, np.arange(n + 1), down) / total) for q in (0.01, 0.1, 0.2, 0.5, 1.0)}
needed = {str(q): int(np.argmax(down >= q * total)) for q in (0.2, 0.5, 0.8, 0.95, 1.0)}

# customers who never return beside those who do, watched for different times
gaps, ended = [], []
for _ in range(600):
    watched, at = rng.uniform(200, 900), 0.0
    while True:
        gap = rng.gamma(2, 15) if rng.random() < 0.8 else np.inf
        gap = np.ceil(gap)
        if at + gap >= watched:
            gaps.append(float(np.ceil(watched - at)))
            ended.append(False)
            break
        at += gap
        gaps.append(float(gap))
        ended.append(True)
km = KaplanMeierFitter().fit(gaps, ended)
alive = float(km.survival_function_.iloc[-1, 0])
quantiles = [float(km.percentile(1 - q * (1 - alive))) for q in (0.5, 0.8, 0.95)]
print(json.dumps({
    "provenance": {"tool": "numpy, lifelines", "version": f"{np.__version__}, {version('lifelines')}", "command": "python golden_money.py > money.json"},
    "amounts": amounts.tolist(), "gini": gini, "top": top, "needed": needed,
    "gaps": gaps, "ended": ended, "returning": 1 - alive, "quantiles": quantiles,
    "naive": [float(np.quantile(np.array(gaps)[np.array(ended)], q)) for q in (0.5, 0.8, 0.95)],
}))
