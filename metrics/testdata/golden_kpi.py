"""Makes the golden files of users, attribution, decisions, money and drift: python golden_kpi.py

Needs numpy, pandas, scipy, scikit-learn, pyDecision.
"""
import importlib.metadata as md
import json
import sys
import numpy as np
import pandas as pd


def save(name, tools, **data):
    prov = {"tool": ", ".join(tools), "version": ", ".join(md.version(t) for t in tools),
            "command": "python golden_kpi.py"}
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
    save("activity.json", ["pandas", "numpy"], user=user, unix=sec, through="2026-04-03T16:00:00Z", units=out)


if __name__ == "__main__":
    for f in sys.argv[1:] or ["activity"]:
        globals()[f]()
