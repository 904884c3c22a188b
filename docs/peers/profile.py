"""polars beside profile.Builder: python profile.py

The kinds, windows and decayed shares of BenchmarkBuilderAddAll, of as many events by the same law; one thread."""
import os, resource
os.environ["POLARS_MAX_THREADS"] = "1"
import numpy as np, polars as pl

EVENTS, DAY = 1 << 18, 86_400 * 10**9
CUT = 19_876 * DAY
CATEGORIES = np.array(["shoes", "books", "toys", "food", "garden", "music", "sport", "home"])


def cpu():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime


for users in (1_000, 100_000):
    r = np.random.default_rng(1)
    log = pl.DataFrame({
        "user": r.integers(0, users, EVENTS) * 7919,
        "kind": r.integers(1, 5, EVENTS).astype(np.int8),
        "at": CUT - r.integers(0, 120 * DAY, EVENTS),
        "category": CATEGORIES[r.integers(0, 8, EVENTS)],
    }).with_columns(pl.col("category").cast(pl.Categorical))
    weight = pl.when(pl.col("kind") == 4).then(3.0).otherwise(1.0) * 2.0 ** (-(CUT - pl.col("at")) / (30 * DAY))
    log = log.with_columns(weight=weight)
    columns = [pl.col("at").min().alias("first"), pl.col("at").max().alias("last")]
    for kind in range(1, 5):
        for days in (None, 7, 30, 90):
            taken = pl.col("kind") == kind
            if days:
                taken &= pl.col("at") >= CUT - days * DAY
            columns.append(taken.sum().alias(f"{kind}_{days}"))
    seconds = []
    for _ in range(5):
        start = cpu()
        log.group_by("user").agg(columns)
        shares = log.group_by("user", "category").agg(pl.col("weight").sum())
        shares.with_columns(share=pl.col("weight") / pl.col("weight").sum().over("user"))
        seconds.append(cpu() - start)
    print(users, "users:", EVENTS / sorted(seconds)[2] / 1e6, "M events a cpu second, polars", pl.__version__)
