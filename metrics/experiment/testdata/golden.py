"""Makes plans.json and groupseq.json of this folder: python golden.py

Needs numpy, scipy, statsmodels.
"""
import importlib.metadata as md
import json
import numpy as np
from scipy import stats, special, integrate
from statsmodels.stats import power as smp, proportion as smprop
from statsmodels.stats.multitest import multipletests


def save(name, tools, **data):
    prov = {"tool": ", ".join(tools), "version": ", ".join(md.version(t) for t in tools),
            "command": "python golden.py"}
    with open(name, "w") as f:
        json.dump({"provenance": prov, **data}, f, default=lambda x: x.tolist())
        f.write("\n")


def experiments():
    rng = np.random.default_rng(7)
    out = {}
    out["clopper"] = [{"x": x, "n": n, "level": lv,
                       "ci": list(smprop.proportion_confint(x, n, 1 - lv, "beta"))}
                      for x, n, lv in [(18, 20, .95), (0, 77, .95), (77, 77, .9), (1, 1000000, .95), (3, 40, .99),
                                       (500123, 1000000, .95)]]
    t = smp.TTestIndPower()
    out["power_means"] = [{"d": d, "na": na, "nb": nb, "alpha": a, "one": one,
                           "power": float(t.power(d, na, a, nb / na, alternative="larger" if one else "two-sided"))}
                          for d, na, nb, a, one in [(1, 30, 30, .05, False), (.1, 20, 20, .05, False), (.5, 10, 40, .01, False),
                                                    (.3, 100, 150, .05, True), (.02, 40000, 40000, .05, False), (2, 3, 3, .05, False)]]
    out["size_means"] = [{"d": d, "power": p, "ratio": r, "n": float(np.ravel(t.solve_power(d, None, .05, p, r))[0])}
                         for d, p, r in [(.5, .8, 1), (.1, .9, 1), (.2, .85, 3)]]
    out["size_unpooled"] = [{"pa": .1, "pb": .12, "n": float(smp.NormalIndPower().solve_power(
        smprop.proportion_effectsize(.12, .1), None, .05, .8, 1))}]
    ps = [[.01, .04, .03, .005], list(rng.uniform(size=11) ** 3), [.2], [.5, .5, .01, .01], [0., 1., .04]]
    names = {"bonferroni": "bonferroni", "holm": "holm", "hochberg": "simes-hochberg", "bh": "fdr_bh", "by": "fdr_by"}
    out["adjust"] = [{"p": p, **{k: list(multipletests(p, method=m)[1]) for k, m in names.items()}} for p in ps]

    def beta(x1, n1, x2, n2, a, b):
        A, C, C1 = stats.beta(x1 + a, n1 - x1 + b), stats.beta(x2 + a, n2 - x2 + b), stats.beta(x2 + a + 1, n2 - x2 + b)
        u, w = np.polynomial.legendre.leggauss(4000)
        lo, hi = A.ppf(1e-17), A.isf(1e-17)
        x = lo + (hi - lo) * (u + 1) / 2
        f = A.pdf(x) * w * (hi - lo) / 2
        better = float(np.sum(f * C.sf(x)))
        lossa = float(np.sum(f * (C.mean() * C1.sf(x) - x * C.sf(x))))
        return better, lossa, lossa - (C.mean() - A.mean())

    def interval(x1, n1, x2, n2, a, b, level):
        A, C = stats.beta(x1 + a, n1 - x1 + b), stats.beta(x2 + a, n2 - x2 + b)
        u, w = np.polynomial.legendre.leggauss(4000)
        lo, hi = A.ppf(1e-15), A.isf(1e-15)
        x = lo + (hi - lo) * (u + 1) / 2
        f = A.pdf(x) * w * (hi - lo) / 2
        from scipy.optimize import brentq
        return [brentq(lambda d: float(np.sum(f * C.cdf(x + d))) - q, -1, 1, xtol=1e-14) for q in ((1 - level) / 2, (1 + level) / 2)]
    out["beta"] = []
    for c in [(40, 100, 50, 100, 1, 1), (5, 1000, 9, 900, 1, 1), (1200, 24000, 1300, 24000, 1, 1), (3, 40, 9, 38, .5, .5),
              (30, 100, 30, 100, 2.5, 7.5), (70, 80, 60, 90, 1, 1)]:
        p, la, lb = beta(*c)
        out["beta"].append({"case": c, "better": p, "lossa": la, "lossb": lb, "interval": interval(*c, .95)})
    out["cuped"] = []
    for k in range(3):
        n = [40, 57]
        x = [rng.gamma(2, 3, m) for m in n]
        y = [rng.normal(0, 2, m) + .8 * xx + s for m, xx, s in zip(n, x, [1, 1.7])]
        X, Y = np.concatenate(x), np.concatenate(y)
        th = np.cov(Y, X)[0, 1] / np.var(X, ddof=1)
        z = [yy - th * (xx - X.mean()) for yy, xx in zip(y, x)]
        r = stats.ttest_ind(z[1], z[0], equal_var=False)
        ci = r.confidence_interval(.95)
        # numeric gradient of (b - a)/plain a over the four arm means gives the relative standard error
        m = np.array([y[0].mean(), x[0].mean(), y[1].mean(), x[1].mean()])
        xb = X.mean()
        g = lambda v: ((v[2] - th * (v[3] - xb)) - (v[0] - th * (v[1] - xb))) / v[0]
        grad = np.array([(g(m + e) - g(m - e)) / 2e-6 for e in 1e-6 * np.eye(4)])
        cov = np.zeros((4, 4))
        cov[:2, :2] = np.cov(y[0], x[0]) / n[0]
        cov[2:, 2:] = np.cov(y[1], x[1]) / n[1]
        out["cuped"].append({"x": x, "y": y, "theta": th, "diff": z[1].mean() - z[0].mean(), "t": r.statistic, "p": r.pvalue,
                             "low": ci.low, "high": ci.high, "rel": g(m), "relse": float(np.sqrt(grad @ cov @ grad))})
    out["ratio"] = []
    for k in range(3):
        arms, jack = [], []
        for m, lam, rate in [(60, 3, .3), (45, 4, .35)]:
            den = 1 + rng.poisson(lam, m)
            num = rng.binomial(den, rate) * rng.gamma(3, 2, m)
            arms.append([num, den.astype(float)])
        def value(v):
            return v[0] / v[1]
        se = []
        for num, den in arms:
            mm = np.array([num.mean(), den.mean()])
            grad = np.array([(value(mm + e) - value(mm - e)) / 2e-6 for e in 1e-6 * np.eye(2)])
            se.append(float(np.sqrt(grad @ np.cov(num, den) @ grad / len(num))))
        out["ratio"].append({"arms": arms, "value": [a[0].sum() / a[1].sum() for a in arms], "se": se})
    out["cuped_ratio"] = []
    for k in range(2):
        arms = []
        for m, rate in [(80, .3), (70, .36)]:
            d0, d1 = 1 + rng.poisson(4, m), 1 + rng.poisson(3, m)
            own = rng.beta(3, 6, m) + rate - .3
            arms.append([rng.binomial(d1, own).astype(float), d1.astype(float), rng.binomial(d0, own).astype(float), d0.astype(float)])
        P = np.concatenate([np.array(a) for a in arms], axis=1)
        R, Rp = P[0].sum() / P[1].sum(), P[2].sum() / P[3].sum()
        yl, xl = (P[0] - R * P[1]) / P[1].mean(), (P[2] - Rp * P[3]) / P[3].mean()
        th = np.cov(yl, xl)[0, 1] / np.var(xl, ddof=1)
        M = np.concatenate([np.array(a).mean(axis=1) for a in arms])
        cov = np.zeros((8, 8))
        cov[:4, :4] = np.cov(np.array(arms[0])) / len(arms[0][0])
        cov[4:, 4:] = np.cov(np.array(arms[1])) / len(arms[1][0])
        diff = lambda v: (v[4] / v[5] - th * (v[6] / v[7] - Rp)) - (v[0] / v[1] - th * (v[2] / v[3] - Rp))
        rel = lambda v: diff(v) / (v[0] / v[1])
        se = []
        for g in (diff, rel):
            grad = np.array([(g(M + e) - g(M - e)) / 2e-6 for e in 1e-6 * np.eye(8)])
            se.append(float(np.sqrt(grad @ cov @ grad)))
        out["cuped_ratio"].append({"arms": arms, "theta": th, "diff": diff(M), "rel": rel(M), "se": se})
    out["gauss"] = []
    for est, se, m0, s0 in [(.2, .1, 0, .15), (-.4, .3, .1, .2), (1., .01, 0, 5.)]:
        s = (1 / se ** 2 + 1 / s0 ** 2) ** -.5
        m = s * s * (est / se ** 2 + m0 / s0 ** 2)
        pos, neg = stats.norm.sf(0, m, s), stats.norm.cdf(0, m, s)
        la = pos * stats.truncnorm.mean(-m / s, np.inf, m, s) if pos > 0 else 0
        lb = -neg * stats.truncnorm.mean(-np.inf, -m / s, m, s) if neg > 1e-300 else 0
        out["gauss"].append({"in": [est, se, m0, s0], "mean": m, "sd": s, "better": pos, "lossa": la, "lossb": lb})
    save("plans.json", ["statsmodels", "scipy", "numpy"], **out)


def groupseq():
    """Bounds by an independent scheme: Brownian densities on a fine grid with Simpson's rule."""
    out = []
    for spend in ("obf", "pocock"):
        for fr in ([.2, .4, .6, .8, 1.], [.5, 1.], [.1, .35, .9], [.25, .3, .8, 1.]):
            a = .025
            f = (lambda t: 2 * stats.norm.sf(stats.norm.isf(a / 2) / np.sqrt(t))) if spend == "obf" else (lambda t: a * np.log1p((np.e - 1) * t))
            z, dens, grid, used, last = [], None, None, 0., 0.
            for t in fr:
                want = 2 * (f(t) - used)
                s = np.sqrt(t - last)
                if dens is None:
                    cross = lambda c: 2 * stats.norm.sf(c / s)
                else:
                    w = integrate_weights(len(grid)) * (grid[1] - grid[0])
                    cross = lambda c: float(np.sum(w * dens * (stats.norm.sf((c - grid) / s) + stats.norm.cdf((-c - grid) / s))))
                from scipy.optimize import brentq
                c = brentq(lambda c: cross(c) - want, 0, 12, xtol=1e-13)
                new = np.linspace(-c, c, 4001)
                if dens is None:
                    nd = stats.norm.pdf(new, 0, s)
                else:
                    nd = np.array([np.sum(w * dens * stats.norm.pdf(y - grid, 0, s)) for y in new])
                dens, grid, used, last = nd, new, f(t), t
                z.append(c / np.sqrt(t))
            out.append({"spending": spend, "fractions": fr, "z": z})
    save("groupseq.json", ["scipy", "numpy"], alpha=.05, cases=out,
         published={"source": "as usually printed for Lan-DeMets spending, five equal looks, two-sided .05; quoted from memory to four digits, not re-read: the cases above are the check",
                    "obf": [4.8769, 3.3569, 2.6803, 2.2898, 2.0310], "pocock": [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]})


def integrate_weights(n):
    w = np.ones(n)
    w[1:-1:2], w[2:-1:2] = 4, 2
    return w / 3


if __name__ == "__main__":
    experiments()
    groupseq()
