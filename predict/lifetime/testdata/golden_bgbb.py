"""Numbers of the BG/BB law for the tests of predict/lifetime: python golden_bgbb.py > bgbb.json

The likelihood by its definition (Fader, Hardie, Shang 2010, equation 5), summed with SciPy 1.17.1's betaln and maximised by
L-BFGS-B, standard errors by central differences; lifetimes 0.11.3 fits the same. Answers by equations 7, 8, 11, 13 and 14.
"""
import json, warnings
import numpy as np
from scipy.special import betaln, gammaln, logsumexp
from scipy.optimize import minimize

warnings.simplefilter("ignore")
from lifetimes import BetaGeoBetaBinomFitter
from lifetimes.datasets import load_donations

d = load_donations()
X, TX, N, W = (d[c].values for c in ("frequency", "recency", "periods", "weights"))


def ll1(p, x, tx, n):
    a, b, g, de = p
    terms = [betaln(a + x, b + n - x) - betaln(a, b) + betaln(g, de + n) - betaln(g, de)]
    for i in range(int(n - tx)):
        terms.append(betaln(a + x, b + tx - x + i) - betaln(a, b) + betaln(g + 1, de + tx + i) - betaln(g, de))
    return float(logsumexp(terms))


def total(logp):
    p = np.exp(logp)
    return sum(w * ll1(p, x, tx, n) for x, tx, n, w in zip(X, TX, N, W))


best = minimize(lambda q: -total(q) / W.sum(), np.zeros(4), method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000})
best = minimize(lambda q: -total(q) / W.sum(), best.x, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000})
q, e = best.x, 1e-3
H = np.zeros((4, 4))
for i in range(4):
    for j in range(4):
        def f(s, t):
            z = q.copy()
            z[i] += s
            z[j] += t
            return total(z)
        H[i, j] = -(f(e, e) - f(e, -e) - f(-e, e) + f(-e, -e)) / (4 * e * e)
se = np.exp(q) * np.sqrt(np.diag(np.linalg.inv(H)))
peer = BetaGeoBetaBinomFitter().fit(d.frequency, d.recency, d.periods, d.weights)

p = (1.204, .750, .657, 2.783)
a, b, g, de = p
pts = [(x, tx, n) for n in (6, 40) for x, tx in ((0, 0), (1, 1), (1, 6), (2, 4), (4, 5), (6, 6))]


def alive(x, tx, n):
    return float(np.exp(betaln(a + x, b + n - x) - betaln(a, b) + betaln(g, de + n + 1) - betaln(g, de) - ll1(p, x, tx, n)))


def expected(x, tx, n, m):
    lead = betaln(a + x + 1, b + n - x) - betaln(a, b) + np.log(de) + gammaln(g + de) - gammaln(1 + de) - ll1(p, x, tx, n)
    return float(np.exp(lead) / (g - 1) * (np.exp(gammaln(1 + de + n) - gammaln(g + de + n)) - np.exp(gammaln(1 + de + n + m) - gammaln(g + de + n + m))))


def prob(k, n):
    c = lambda m: gammaln(m + 1) - gammaln(k + 1) - gammaln(m - k + 1)
    t = [c(n) + betaln(a + k, b + n - k) - betaln(a, b) + betaln(g, de + n) - betaln(g, de)]
    t += [c(i) + betaln(a + k, b + i - k) - betaln(a, b) + betaln(g + 1, de + i) - betaln(g, de) for i in range(k, n)]
    return float(np.exp(logsumexp(t)))


def fresh(n):
    return float(a / (a + b) * sum(np.exp(betaln(g, de + t) - betaln(g, de)) for t in range(1, n + 1)))


print(json.dumps({
    "provenance": {"tool": "SciPy, lifetimes", "version": "1.17.1, 0.11.3", "command": "python golden_bgbb.py > bgbb.json"},
    "donations": [[int(v) for v in r] for r in zip(X, TX, N, W)],
    "params": np.exp(q).tolist(), "stderrs": se.tolist(), "ll": float(total(q)),
    "peer": [float(v) for v in peer.params_.values], "peerLL": float(total(np.log(peer.params_.values))),
    "points": pts, "pointLL": [ll1(p, *t) for t in pts], "alive": [alive(*t) for t in pts],
    "expected": [[expected(*t, m) for m in (1, 5, 100, 20000)] for t in pts],
    "prob": [prob(k, 6) for k in range(7)], "prob200": [prob(k, 200) for k in (0, 1, 50, 200)],
    "fresh": [fresh(n) for n in (1, 6, 500)]}))
