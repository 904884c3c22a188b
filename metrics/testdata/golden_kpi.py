"""Makes golden files of this folder and of the families kpi, attribution, decision, drift and ranking: python golden_kpi.py

Needs numpy, pandas, scipy, scikit-learn, pyDecision, utilsforecast.
"""
import importlib.metadata as md
import json
import sys
import numpy as np
import pandas as pd


def save(name, tools, **data):
    prov = {"tool": ", ".join(tools), "version": ", ".join(md.version(t) for t in tools),
            "command": "python golden_kpi.py" + (", in metrics/testdata" if "/" in name else "")}
    with open(name, "w") as f:
        json.dump({"provenance": prov, **data}, f, default=lambda x: x.tolist() if hasattr(x, "tolist") else str(x), separators=(",", ":"))
        f.write("\n")


def activity():
    """Events of 60 users around the change of clocks in New York, cut by pandas periods."""
    rng = np.random.default_rng(11)
    n = 500
    user = rng.integers(0, 60, n)
    sec = 1772000000 + rng.integers(0, 40 * 86400, n)  # 25 Feb to 6 Apr 2026; clocks change on 8 Mar
    t = pd.to_datetime(sec, unit="s", utc=True).tz_convert("America/New_York").tz_localize(None)
    out = {}
    through = pd.Timestamp("2026-04-03 12:00")
    for unit, freq in [("day", "D"), ("week", "W-SUN"), ("month", "M")]:
        df = pd.DataFrame({"u": user, "p": t.to_period(freq)}).drop_duplicates()
        open_ = through.to_period(freq)
        df["c"] = df.groupby("u").p.transform("min")
        df["age"] = (df.p - df.c).apply(lambda d: d.n)
        K = 6
        cohorts = sorted(c for c in df.c.unique() if c < open_)
        classic, rolling = [], []
        for c in cohorts:
            g = df[df.c == c]
            users = g.u.nunique()
            a, b = [], []
            for k in range(K + 1):
                if c + k < open_:
                    a.append([int(g[g.age == k].u.nunique()), users])
                    b.append([int(g[(g.age >= k) & (g.p < open_)].u.nunique()), users])
                else:
                    a.append([0, 0])
                    b.append([0, 0])
            classic.append(a)
            rolling.append(b)
        periods = pd.period_range(t.min().to_period(freq), open_ - 1, freq=freq)
        active = {str(w): [int(df[(df.p <= p) & (df.p > p - w)].u.nunique()) for p in periods] for w in [1, 3, 7]}
        flows = []
        for p in periods:
            now, before = set(df[df.p == p].u), set(df[df.p == p - 1].u)
            new = set(df[df.c == p].u)
            flows.append([len(now), len(new), len(now & before), len(now - before - new), len(before - now)])
        gaps = df.sort_values(["u", "p"]).groupby("u").p.apply(lambda s: [d.n for d in s.diff().dropna()])
        ended = []
        for u, s in df[df.p < open_].sort_values(["u", "p"]).groupby("u").p:
            ended += [d.n for d in s.diff().dropna()]
        out[unit] = {"cohorts": [str(c.start_time.date()) for c in cohorts], "classic": classic, "rolling": rolling, "active": active,
                     "flows": flows, "p90": float(np.quantile(ended, .9))}
    save("../kpi/testdata/activity.json", ["pandas", "numpy"], user=user, unix=sec, through="2026-04-03T16:00:00Z", units=out)


def attribution():
    """Random paths; Markov by numpy.linalg.solve, rules and Shapley values by their definitions."""
    from itertools import combinations
    from math import factorial
    rng = np.random.default_rng(12)
    ch = ["ads", "direct", "mail", "search", "social"]
    paths = {}
    for _ in range(400):
        p = tuple(ch[i] for i in rng.choice(5, 1 + rng.poisson(1.6), p=[.3, .15, .2, .2, .15]))
        c = int(rng.random() < .15 + .1 * ("mail" in p) + .02 * len(p))
        v = paths.setdefault(p, [0, 0, 0])
        v[0] += c
        v[1] += 1 - c
        v[2] += c * int(rng.integers(1000, 9000))
    P = [[list(p), *v] for p, v in sorted(paths.items())]
    C, N, V = (sum(p[i] for p in P) for i in [1, 2, 3])
    rules = {}

    def rule(name, w):
        out = {c: [0., 0.] for c in ch}
        for p, c, _, v in P:
            for x, s in zip(p, w(p)):
                out[x][0] += s * c
                out[x][1] += s * v
        rules[name] = out

    def nondirect(p):
        i = max([k for k, x in enumerate(p) if x != "direct"], default=len(p) - 1)
        return [float(k == i) for k in range(len(p))]

    def position(p):
        n = len(p)
        return [1.] if n == 1 else [.5, .5] if n == 2 else [.4] + [.2 / (n - 2)] * (n - 2) + [.4]
    rule("first", lambda p: [1.] + [0.] * (len(p) - 1))
    rule("last", lambda p: [0.] * (len(p) - 1) + [1.])
    rule("last non-direct", nondirect)
    rule("linear", lambda p: [1 / len(p)] * len(p))
    rule("position", position)

    markov = {}
    for order in [1, 2, 3]:
        state = {}
        for p, *_ in P:
            for i in range(len(p)):
                state.setdefault(tuple(p[max(0, i + 1 - order):i + 1]), len(state))
        n = len(state)
        T, conv, rev, tot, s0 = np.zeros((n, n)), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
        for p, c, z, v in P:
            ids = [state[tuple(p[max(0, i + 1 - order):i + 1])] for i in range(len(p))]
            s0[ids[0]] += c + z
            for a, b in zip(ids, ids[1:]):
                T[a, b] += c + z
            for a in ids:
                tot[a] += c + z
            conv[ids[-1]] += c
            rev[ids[-1]] += v
        T, conv, rev, s0 = T / tot[:, None], conv / tot, rev / tot, s0 / s0.sum()

        def value(gone, end):
            keep = np.array([s[-1] != gone for s in state])
            Q = T[np.ix_(keep, keep)]
            return s0[keep] @ np.linalg.solve(np.eye(keep.sum()) - Q, end[keep])
        p, v = value(None, conv), value(None, rev)
        eff = np.array([1 - value(c, conv) / p for c in ch])
        effr = np.array([1 - value(c, rev) / v for c in ch])
        markov[order] = {"p": p, "effect": eff, "conversions": eff / eff.sum() * C, "revenue": effr / effr.sum() * V, "states": n}

    def shapley(value):
        out = []
        for c in ch:
            rest, s = [x for x in ch if x != c], 0.
            for k in range(len(ch)):
                for S in combinations(rest, k):
                    s += factorial(k) * factorial(len(ch) - k - 1) / factorial(len(ch)) * (value(set(S) | {c}) - value(set(S)))
            out.append(s)
        return out

    def total(i):
        return lambda S: sum(p[i] for p in P if set(p[0]) <= S)

    def rate(i):
        def f(S):
            n = sum(p[1] + p[2] for p in P if set(p[0]) <= S)
            return sum(p[i] for p in P if set(p[0]) <= S) / n if n else 0.
        return f
    sh = {"total": shapley(total(1)), "total_revenue": shapley(total(3)),
          "rate": np.array(shapley(rate(1))) * (C + N), "rate_revenue": np.array(shapley(rate(3))) * (C + N)}
    save("../attribution/testdata/attribution.json", ["numpy"], channels=ch, paths=P, rules=rules, markov=markov, shapley=sh)


def decision():
    """pyDecision; grey drivers and fuzzy operators by their formulas in numpy."""
    import matplotlib
    matplotlib.use("Agg")
    from pyDecision.algorithm import ahp_method, critic_method, entropy_method, gra_method, topsis_method
    rng = np.random.default_rng(13)
    cases, ahp = [], []
    for n, d in [(3, 3), (8, 5), (20, 4)]:
        X = np.round(rng.uniform(1, 100, (n, d)), 2)
        low = rng.random(d) < .4
        low[0] = False
        ct = ["min" if l else "max" for l in low]
        w = rng.dirichlet(np.ones(d))
        cases.append({"x": X, "low": low, "w": w, "critic": critic_method(X, ct), "entropy_share": entropy_method(X, ["max"] * d),
                      "topsis": topsis_method(X, w, ct, graph=False, verbose=False),
                      "gra": gra_method(X, ct, w, epsilon=.5, graph=False, verbose=False) * n})  # pyDecision divides by the alternatives
    for n in [3, 5, 9]:
        M = np.ones((n, n))
        for i in range(n):
            for j in range(i):
                M[i, j] = rng.choice([1 / 9, 1 / 5, 1 / 3, 1 / 2, 1, 2, 4, 7])
                M[j, i] = 1 / M[i, j]
        w, cr = ahp_method(M, wd="me")
        ahp.append({"m": M, "w": w, "cr": cr})
    y = np.round(rng.uniform(50, 90, 8), 1)
    F = np.round(rng.uniform(5, 30, (4, 8)), 1)
    drivers = {}
    for name, f in [("initial", lambda s: s / s[0]), ("mean", lambda s: s / s.mean()), ("none", lambda s: s)]:
        D = np.abs(np.array([f(s) for s in F]) - f(y))
        drivers[name] = ((D.min() + .4 * D.max()) / (D + .4 * D.max())).mean(axis=1)
    R = rng.dirichlet(np.ones(4), 5)
    w = rng.dirichlet(np.ones(5))
    fz = [w @ R, np.max(np.minimum(w[:, None], R), axis=0), np.max(w[:, None] * R, axis=0), np.minimum(w @ R, 1)]
    save("../decision/testdata/decision.json", ["pyDecision", "numpy"], cases=cases, ahp=ahp, effect=y, factors=F, drivers=drivers, memberships=R, weights=w,
         fuzzy=[b / b.sum() for b in fz])


def money():
    """Elasticity by scipy.stats.linregress, budget by scipy.optimize, probabilities of being best by quadrature."""
    from scipy import stats, optimize
    rng = np.random.default_rng(14)
    price = np.round(rng.uniform(5, 15, 25), 2)
    q = np.round(np.exp(6 - 1.7 * np.log(price) + rng.normal(0, .2, 25)), 2)
    r = stats.linregress(np.log(price), np.log(q))
    h = stats.t.ppf(.975, 23) * r.stderr
    f = [lambda x: 900 * x / (x + 300), lambda x: 500 * (1 - np.exp(-x / 200)), lambda x: 20 * np.sqrt(x), lambda x: 400 / (1 + (50 / max(x, 1e-12)) ** .8)]
    B = 1000.
    o = optimize.minimize(lambda x: -sum(g(max(v, 0)) for g, v in zip(f, x)), [250, 250, 250, 100], method="SLSQP",
                          bounds=[(1e-6, None)] * 3 + [(1e-6, 120)], constraints={"type": "eq", "fun": lambda x: x.sum() - B},
                          options={"ftol": 1e-15, "maxiter": 1000})
    alpha, beta, mu, sigma = [41, 51], [61, 51], [44.], [2.]
    D = [stats.beta(a, b, loc=-2, scale=100) for a, b in zip(alpha, beta)] + [stats.norm(m, s) for m, s in zip(mu, sigma)]
    x = np.linspace(-2, 98, 200001)
    dx = x[1] - x[0]
    cdf = np.array([d.cdf(x) for d in D])
    best = [np.sum(D[i].pdf(x) * np.prod(np.delete(cdf, i, 0), axis=0)) * dx for i in range(3)]
    emax = x[-1] - np.sum(np.prod(cdf, axis=0)) * dx
    save("../decision/testdata/money.json", ["scipy", "numpy"], price=price, quantity=q, slope=r.slope, intercept=r.intercept, se=r.stderr, r2=r.rvalue ** 2,
         low=r.slope - h, high=r.slope + h, budget=B, spend=o.x, response=-o.fun, alpha=alpha, beta=beta, mu=mu, sigma=sigma,
         best=best, regret=[emax - d.mean() for d in D])


def drift():
    """PSI by its formula, Jensen-Shannon and Kolmogorov-Smirnov by scipy; control charts by their recursions."""
    from scipy import stats
    from scipy.spatial.distance import jensenshannon
    rng = np.random.default_rng(15)
    ref = np.round(rng.gamma(2, 10, 400), 1)
    cases = []
    for f, n in [(1., 300), (1.3, 250), (3., 40)]:
        win = np.round(rng.gamma(2, 10 * f, n), 1)
        edges = np.unique(np.quantile(ref, np.arange(1, 10) / 10, method="inverted_cdf"))
        c = [np.bincount(np.searchsorted(edges, s, side="left"), minlength=len(edges) + 1) for s in (ref, win)]
        e, a = [np.maximum(x / x.sum(), 1e-4) for x in c]
        ks = stats.ks_2samp(ref, win, method="asymp")
        d = ks.statistic * np.sqrt(len(ref) * n / (len(ref) + n))
        cases.append({"window": win, "edges": edges, "counts": c[1], "psi": float(np.sum((a - e) * np.log(a / e))),
                      "js": jensenshannon(c[0], c[1], base=2), "ks": ks.statistic, "p": stats.kstwobign.sf(d),
                      "threshold": stats.chi2.ppf(.999, len(edges)) * (1 / len(ref) + 1 / n)})
    tail = [[x, stats.kstwobign.sf(x)] for x in [.1, .3, .5, .8, .99, 1., 1.2, 1.6, 2.5, 4.]]
    x = np.round(np.r_[rng.normal(0, 1, 40), rng.normal(1, 1, 25)], 3)
    up = down = z = 0.
    ups, downs, zs = [], [], []
    for v in x:
        up, down, z = max(0, up + v - .5), max(0, down - v - .5), .9 * z + .1 * v
        ups.append(up), downs.append(down), zs.append(z)
    n = np.arange(1, 66)
    lim = 2.814 * np.sqrt(.1 / 1.9 * (1 - .9 ** (2 * n)))
    dev = np.cumsum(x - np.cumsum(x) / n - .25)
    save("../drift/testdata/drift.json", ["scipy", "numpy"], reference=ref, cases=cases, kolmogorov=tail, series=x, up=ups, down=downs, ewma=zs,
         ewma_alarm=np.flatnonzero(np.abs(zs) > lim), cusum_alarm=[i for i in range(65) if max(ups[i], downs[i]) > 5], page=dev - np.minimum(0, np.minimum.accumulate(dev)))


def forecasts():
    """utilsforecast per series; sMAPE of M4, WMAE and the interval score by their formulas in numpy, pinball by scikit-learn."""
    from sklearn.metrics import mean_pinball_loss
    import utilsforecast.losses as ul
    rng = np.random.default_rng(16)
    series, frames, train = [], [], []
    for i, (n, h, m) in enumerate([(40, 8, 1), (36, 6, 12), (50, 10, 7)]):
        y = np.round(20 + 5 * np.sin(np.arange(n + h) * 2 * np.pi / max(m, 4)) + rng.normal(0, 2, n + h), 2)
        f = np.round(y[n:] + rng.normal(.5, 2, h), 2)
        lo, hi = np.round(f - 2.5, 2), np.round(f + 2.5, 2)
        w = rng.integers(1, 6, h)
        te = pd.DataFrame({"unique_id": "s", "ds": np.arange(n, n + h), "y": y[n:], "f": f})
        tr = pd.DataFrame({"unique_id": "s", "ds": np.arange(n), "y": y[:n]})
        one = lambda fn, *a, **k: float(fn(te, models=["f"], *a, **k)["f"].iloc[0])
        e = y[n:]
        pen = 2 / .2 * np.maximum(np.maximum(lo - e, e - hi), 0)
        series.append({"history": y[:n], "actual": e, "forecast": f, "season": m, "low": lo, "high": hi, "weights": w,
                       "mae": one(ul.mae), "rmse": one(ul.rmse), "smape": 2 * 100 * one(ul.smape), "mase": one(ul.mase, seasonality=m, train_df=tr),
                       "rmsse": one(ul.rmsse, seasonality=m, train_df=tr), "smape4": float(200 * np.mean(np.abs(e - f) / (np.abs(e) + np.abs(f)))),
                       "wape": float(np.abs(e - f).sum() / np.abs(e).sum()), "wmae": float((w * np.abs(e - f)).sum() / w.sum()),
                       "pinball": [mean_pinball_loss(e, f, alpha=q) for q in [.1, .5, .9]],
                       "coverage": int(((e >= lo) & (e <= hi)).sum()), "winkler": float(np.mean(hi - lo + pen))})
    save("forecasts.json", ["utilsforecast", "scikit-learn", "numpy"], series=series)


def clusters():
    from sklearn import metrics as sk
    rng = np.random.default_rng(17)
    cases = []
    for n, a, b in [(60, 4, 5), (200, 3, 12), (30, 1, 4), (25, 6, 6), (500, 8, 8)]:
        x = rng.integers(0, a, n)
        y = np.where(rng.random(n) < .6, x * 2 % b, rng.integers(0, b, n))
        h, c, v = sk.homogeneity_completeness_v_measure(x, y)
        m = sk.cluster.contingency_matrix(x, y)
        cases.append({"x": x, "y": y, "ari": sk.adjusted_rand_score(x, y), "ami": sk.adjusted_mutual_info_score(x, y),
                      "nmi": sk.normalized_mutual_info_score(x, y), "h": h, "c": c, "v": v, "mi": sk.mutual_info_score(x, y),
                      "purity": m.max(axis=0).sum() / n})
    X = np.round(rng.normal(0, 1, (80, 3)) + 3 * rng.integers(0, 3, (80, 1)), 3)
    l = rng.integers(0, 3, 80)
    l[:60] = (X[:60, 0] > 1.5).astype(int) + (X[:60, 0] > 4.5)
    save("clusters.json", ["scikit-learn"], cases=cases, points=X, labels=l, ch=sk.calinski_harabasz_score(X, l), db=sk.davies_bouldin_score(X, l))


def prior():
    """Beta-binomial prior by maximum likelihood: scipy.optimize over scipy.stats.betabinom; moments by their formula."""
    from scipy import stats, optimize
    rng = np.random.default_rng(18)
    cases = []
    for a, b, k in [(3, 60, 80), (.7, 9, 300), (20, 30, 60)]:
        n = rng.integers(5, 400, k)
        s = rng.binomial(n, rng.beta(a, b, k))
        nll = lambda t: -stats.betabinom.logpmf(s, n, np.exp(t[0]), np.exp(t[1])).sum()
        o = optimize.minimize(nll, np.log([a, b]), method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-13, "maxiter": 5000})
        p = s.sum() / n.sum()
        q = s / n
        N = n.sum()
        S = np.sum(n * (q - p) ** 2)
        var = (S - (k - 1) * p * (1 - p)) / (N - np.sum(n ** 2) / N - (k - 1))  # between-unit variance
        m = p * (1 - p) / var - 1
        cases.append({"s": s, "n": n, "ml": np.exp(o.x), "loglik": -o.fun, "moments": [p * m, (1 - p) * m]})
    save("../kpi/testdata/prior.json", ["scipy", "numpy"], cases=cases)


def ndcgscores():
    from sklearn.metrics import ndcg_score
    rng = np.random.default_rng(19)
    rows = []
    for n, levels in [(1, 1), (8, 3), (30, 6), (30, 1000), (60, 4)]:
        y = rng.integers(0, 4, n).astype(float)
        y[0] = 2
        s = rng.integers(0, levels, n) / 8
        if n == 1:  # scikit-learn wants two candidates
            continue
        rows.append({"rel": y, "score": s, "ndcg": {k: ndcg_score([y], [s], k=k or None) for k in [0, 1, 3, 10, 100]},
                     "exp": {k: ndcg_score([2 ** y - 1], [s], k=k or None) for k in [0, 1, 3, 10, 100]}})
    save("../ranking/testdata/ndcgscores.json", ["scikit-learn"], rows=rows)


if __name__ == "__main__":
    for f in sys.argv[1:] or ["activity", "attribution", "decision", "money", "drift", "forecasts", "clusters", "prior", "ndcgscores"]:
        globals()[f]()
