"""Writes basket.json: counts, digests and measures of pyfim and mlxtend on three public data sets.

python golden_basket.py DATA > basket.json   # DATA holds groceries/, msweb/, online-retail/
needs pyfim, mlxtend, scipy
"""

import csv
import gzip
import hashlib
import json
import sys
from importlib.metadata import version

import fim
import pandas as pd
from mlxtend.frequent_patterns import association_rules, fpgrowth
from mlxtend.preprocessing import TransactionEncoder
from scipy.stats import fisher_exact

data = sys.argv[1]


def groceries():
    with gzip.open(data + "/groceries/groceries.csv.gz", "rt") as f:
        return [sorted(set(line.rstrip("\n").split(","))) for line in f]


def msweb():
    rows = []
    with gzip.open(data + "/msweb/anonymous-msweb.data.gz", "rt", encoding="latin-1") as f:
        for line in f:
            cells = line.split(",")
            if cells[0] == "C":
                rows.append(set())
            elif cells[0] == "V":
                rows[-1].add(cells[1])
    return [sorted(r) for r in rows]


def retail():
    orders = {}
    with gzip.open(data + "/online-retail/online_retail.csv.gz", "rt", encoding="utf-8") as f:
        for r in csv.DictReader(f):
            if not r["InvoiceNo"].startswith("C"):
                orders.setdefault(r["InvoiceNo"], set()).add(r["StockCode"])
    return [sorted(r) for r in orders.values()]


def digest(lines):
    return hashlib.sha256("".join(x + "\n" for x in sorted(lines)).encode()).hexdigest()


def name(items):
    return ",".join(sorted(items))


def sets(rows, least, target):
    return fim.fpgrowth(rows, target=target, supp=-least, zmin=1, report="a")


out = []
for label, rows, leasts in (("groceries", groceries(), (10, 60, 99)), ("msweb", msweb(), (33, 164)), ("online-retail", retail(), (130, 260))):
    for least in leasts:
        found = sets(rows, least, "s")
        counts = {frozenset(i): n for i, n in found}
        one = []
        for items, n in counts.items():
            for c in items if len(items) > 1 else ():
                a = items - {c}
                one.append((a, c, n, counts[a]))
        out.append({
            "data": label, "baskets": len(rows), "count": least, "all": len(found),
            "closed": len(sets(rows, least, "c")), "maximal": len(sets(rows, least, "m")),
            "sets": digest(name(i) + "\t%d" % n for i, n in found),
            "rules80": sum(5 * n >= 4 * a for _, _, n, a in one), "rules25": sum(4 * n >= a for _, _, n, a in one),
            "digest25": digest("%s>%s\t%d\t%d" % (name(a), c, n, m) for a, c, n, m in one if 4 * n >= m),
        })

rows = groceries()
coder = TransactionEncoder()
frame = pd.DataFrame(coder.fit_transform(rows), columns=coder.columns_)
table = association_rules(fpgrowth(frame, min_support=60 / len(rows) - 1e-9, use_colnames=True), metric="confidence", min_threshold=0.25)
table = table[table.consequents.map(len) == 1]
table["a"], table["c"] = table.antecedents.map(name), table.consequents.map(name)
table = table.sort_values(["a", "c"]).iloc[::20]
n = len(rows)
measures = []
for r in table.itertuples():
    k, a, c = round(r.support * n), round(r[3] * n), round(r[4] * n)
    p = fisher_exact([[k, a - k], [c - k, n - a - c + k]], alternative="greater")[1]
    measures.append({
        "a": r.a, "c": r.c, "support": r.support, "confidence": r.confidence, "lift": r.lift, "leverage": r.leverage,
        "conviction": r.conviction, "zhang": r.zhangs_metric, "jaccard": r.jaccard, "certainty": r.certainty, "kulczynski": r.kulczynski, "p": float(p),
    })
json.dump({
    "provenance": {
        "tool": "pyfim, mlxtend, scipy",
        "version": ", ".join(version(p) for p in ("pyfim", "mlxtend", "scipy")),
        "command": "python golden_basket.py DATA > basket.json",
    },
    "sets": out, "measures": measures,
}, sys.stdout, indent=1)
