"""Sequential rules and STAN from the recpack package.

usage: python golden_recpack.py > recpack.json     (needs recpack, numpy, pandas, scipy < 1.14)

Sessions have no repeats, which recpack cannot hold. Its times: session n ends at
1000·(n+1), so that exp(-age·decay) is STAN's fading with the share of sessions
that are newer.
"""
import importlib.metadata as meta
import json
import sys
import warnings

out, sys.stdout = sys.stdout, sys.stderr  # recpack logs to stdout
import numpy as np
import pandas as pd
from recpack.algorithms import STAN, SequentialRules
from recpack.matrix import InteractionMatrix

warnings.filterwarnings("ignore")
rng = np.random.default_rng(31)
items, n = 14, 40
popular = 1 / (1 + np.arange(items))
sessions = [[int(i) for i in rng.choice(items, size=k, replace=False, p=popular / popular.sum())] for k in rng.integers(2, 8, size=n)]
sessions[0] = [int(i) for i in rng.permutation(items)]  # every item is somewhere
queries = [[int(i) for i in rng.choice(items, size=k, replace=False)] for k in (1, 1, 2, 3, 4, 5)]
# STAN takes the shared item that comes last in the running session, recpack the one
# that comes last in the neighbour; with one order of items they are the same.
ordered = [sorted(q) for q in queries]
shape = (n + len(queries), items)


def matrix(rows, first, end):
    lines = [(first + k, i, end(k) - len(s) + 1 + p) for k, s in enumerate(rows) for p, i in enumerate(s)]
    return InteractionMatrix(pd.DataFrame(lines, columns=["u", "i", "t"]), "i", "u", timestamp_ix="t", shape=shape)


train = matrix(sessions, 0, lambda k: 1000 * (k + 1))
asked = matrix(ordered, n, lambda k: 1000 * n + 500)  # an age of 0 would count as no similarity
rules = []
for steps in (1, 3, 10):
    r = SequentialRules(K=items, max_steps=steps).fit(train)
    rules.append({"steps": steps, "similarity": r.similarity_matrix_.toarray().ravel().round(8).tolist()})
stan = []
train = matrix([sorted(s) for s in sessions], 0, lambda k: 1000 * (k + 1))
for l1, l2, l3 in [(1.04, 0.4, 2.1), (3.0, 1.5, 1.0)]:
    s = STAN(K=n, interaction_decay=1 / l1, session_decay=1 / (1000 * n * l2), distance_from_match_decay=1 / l3).fit(train)
    scores = s._predict(asked)[n:].toarray()
    stan.append({"l1": l1, "l2": l2, "l3": l3, "scores": scores.ravel().round(8).tolist()})
print(json.dumps({
    "provenance": {"tool": "recpack", "version": meta.version("recpack"), "command": "python recommend/testdata/golden_recpack.py"},
    "items": items, "sessions": sessions, "ordered": [sorted(s) for s in sessions], "queries": ordered, "rules": rules, "stan": stan,
}), file=out)
