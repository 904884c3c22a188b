"""Maximum likelihood of the position-bias and of the delay model, and prices of VCG, by scipy.

python3 golden_ads.py > ads.json
"""
import json
import numpy as np
import scipy
from scipy.optimize import linear_sum_assignment, minimize

rng = np.random.default_rng(7)
out = {"provenance": {"tool": "scipy", "version": scipy.__version__, "command": "python3 golden_ads.py > ads.json"}}

# Position bias: the log-likelihood in logits of examination (position 0 has 1) and rates.
theta = np.array([1, .6, .35, .2])
gamma = rng.uniform(.03, .4, 12)
shown = rng.integers(20, 400, (12, 4))
clicked = rng.binomial(shown, gamma[:, None] * theta)


def loglik(x):
    t = np.concatenate([[1], 1 / (1 + np.exp(-x[:3]))])
    p = 1 / (1 + np.exp(-x[3:, None])) * t
    return -(clicked * np.log(p) + (shown - clicked) * np.log1p(-p)).sum()


fit = minimize(loglik, np.concatenate([np.zeros(3), -2 * np.ones(12)]), method="BFGS", options={"gtol": 1e-7, "maxiter": 5000})
out["examination"] = {
    "shown": shown.tolist(), "clicked": clicked.tolist(),
    "positions": [1.0] + (1 / (1 + np.exp(-fit.x[:3]))).tolist(), "loglik": -fit.fun,
}

# Delay: rates of three keys, and hazards on the first day and after; times in seconds of whole minutes.
day = 86400.0
keys, waits, acted = [], [], []
for k, (rate, window) in enumerate([(.3, 20), (.15, 3), (.2, 8)]):
    for _ in range(600):
        age = rng.uniform(0, window)
        d = rng.exponential(1.5)
        d = d if d < 1 else 1 + rng.exponential(5)
        hit = rng.uniform() < rate and d <= age
        keys.append(k)
        waits.append(60 * round((d if hit else age) * 1440) + 60)
        acted.append(bool(hit))
keys, waits, hit = np.array(keys), np.array(waits, float), np.array(acted)


def delayed(x, edges):
    p = (1 / (1 + np.exp(-x[:3])))[keys]
    h = np.exp(x[3:]) / day
    cum, rate = np.zeros(len(waits)), np.zeros(len(waits))
    for b, lo in enumerate(edges):
        hi = edges[b + 1] if b + 1 < len(edges) else np.inf
        cum += h[b] * np.clip(np.minimum(waits, hi) - lo, 0, None)
        rate = np.where((waits > lo) & (waits <= hi), h[b], rate)
    return -np.where(hit, np.log(p) + np.log(rate) - cum, np.log1p(-p * -np.expm1(-cum))).sum()


out["delay"] = {"keys": keys.tolist(), "seconds": waits.astype(int).tolist(), "acted": acted, "cases": []}
for edges in ([0.0], [0.0, day]):
    best = minimize(delayed, np.concatenate([-np.ones(3), -np.ones(len(edges))]), args=(edges,), method="BFGS", options={"gtol": 1e-6, "maxiter": 5000})
    h = np.exp(best.x[3:]) / day
    at = []
    for t in (day / 2, 3 * day, 9 * day):
        cum = sum(h[b] * max(min(t, edges[b + 1] if b + 1 < len(edges) else np.inf) - lo, 0) for b, lo in enumerate(edges))
        at.append(-np.expm1(-cum))
    out["delay"]["cases"].append({"edges": edges[1:], "rates": (1 / (1 + np.exp(-best.x[:3]))).tolist(), "share": at, "loglik": -best.fun})

# VCG by the assignment problem: what the others lose.
out["vcg"] = []
for _ in range(20):
    n, k = int(rng.integers(1, 9)), int(rng.integers(1, 6))
    seen = np.sort(rng.uniform(.05, 1, k))[::-1]
    bid, click = rng.integers(1, 10**6, n), rng.uniform(.01, .3, n)
    worth = np.outer(bid * click, seen)

    def best_of(rows):
        r, c = linear_sum_assignment(worth[rows], maximize=True)
        return worth[rows][r, c].sum(), dict(zip(np.array(rows)[r].tolist(), c.tolist()))

    total, at = best_of(list(range(n)))
    places = []
    for i, pos in sorted(at.items(), key=lambda x: x[1]):
        without = best_of([j for j in range(n) if j != i])[0] if n > 1 else 0.0
        places.append([i, pos, (without - (total - worth[i, pos])) / (seen[pos] * click[i])])
    out["vcg"].append({"examination": seen.tolist(), "bids": bid.tolist(), "click": click.tolist(), "places": places})
print(json.dumps(out))
