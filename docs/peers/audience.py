"""polars beside audience.Program.Select: python audience.py 10000000 5 (users and repetitions)

The columns and the two rules of BenchmarkThirty, so the counts must be the same."""
import datetime, operator, sys, time
from functools import reduce
import numpy as np, polars as pl

users, times = int(sys.argv[1]), int(sys.argv[2])
row = np.arange(1, users + 1, dtype=np.uint64)
words = [f"v{i:02d}" for i in range(32)]
text = pl.Enum(words)
now = datetime.datetime(2026, 1, 1)
now_us = int(now.replace(tzinfo=datetime.timezone.utc).timestamp() * 1_000_000)


def uniform(column):
    return (row * np.uint64(2 * column + 1) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)


columns = {}
for c in range(6):
    h = uniform(c)
    columns[f"n{c}"] = pl.Series(np.where(h % 20 == 0, np.nan, h.astype(np.float64) / (1 << 24))).fill_nan(None)
for c in range(4):
    h = (uniform(10 + c) % 32).astype(np.uint32)
    columns[f"t{c}"] = pl.Series(h).replace_strict(list(range(32)), words, return_dtype=text)
for c in range(2):
    h = uniform(20 + c)
    at = pl.Series(now_us - ((h * np.uint64(400 * 86_400)) >> np.uint64(24)).astype(np.int64) * 1_000_000)
    pair = pl.DataFrame({"at": at.cast(pl.Datetime("us")), "missing": pl.Series(h % 20 == 0)})
    columns[f"seen{c}"] = pair.select(pl.when(~pl.col("missing")).then(pl.col("at"))).to_series()
table = pl.DataFrame(columns)
C = pl.col


def at_least(column, days):
    return C(column) <= now - datetime.timedelta(days=days)


def below(column, days):
    return C(column) > now - datetime.timedelta(days=days)


def among(column, *values):
    return C(column).is_in(values) if len(values) > 1 else C(column) == values[0]


rules = {
    "all": reduce(operator.and_, [
        C("n0") >= .1, C("n1") < .9, C("n2").is_between(.05, .95), ~(C("n3") > .85), C("n4") != 0, C("n5") <= .9,
        among("t0", *words[:16]), ~among("t1", "v00", "v01", "v02"),
        among("t2", "v05") | among("t2", "v06") | (C("n0") > .3), ~among("t3", "v31"),
        below("seen0", 300), at_least("seen1", 10), at_least("seen0", 30) | below("seen1", 60) | (C("n1") < .5),
        ((C("n2") > .5) & (C("n3") < .4)) | ((C("n4") > .2) & (C("n5") > .1)) | (among("t0", "v00") & among("t1", "v09")),
        C("n0").is_not_null(), ~C("n5").is_null(), (C("n1") > .2) | (C("n2") < .8),
        (C("n3") >= .05) | among("t2", *words[1:5]), C("n4").is_between(.01, .99)]),
    "any": reduce(operator.or_, [C(f"n{k % 6}").is_between(k / 40, k / 40 + .003) for k in range(30)]),
}
for name, rule in rules.items():
    for how, count in (("filter", lambda: table.filter(rule).height),
                       ("lazy", lambda: table.lazy().filter(rule).select(pl.len()).collect().item())):
        wall, cpu = [], []
        for _ in range(times):
            w, c = time.perf_counter(), time.process_time()
            members = count()
            wall.append(time.perf_counter() - w)
            cpu.append(time.process_time() - c)
        print(name, how, members, "members", round(sorted(wall)[times // 2] * 1000), "ms wall",
              round(sorted(cpu)[times // 2] * 1000), "ms cpu, polars", pl.__version__, pl.thread_pool_size(), "threads")
