"""Votes of S-KNN, V-SKNN and STAN by the formulas of the papers, for sessions
without repeats: writes sessionknn.json.

S-KNN and V-SKNN: Ludewig, Jannach, Evaluation of session-based recommendation
algorithms, UMUAI 2018. STAN: Garg et al., Sequence and time aware neighborhood
for session-based recommendations, SIGIR 2019.
"""
import json
import os
import numpy as np

rng = np.random.default_rng(7)
items, k = 14, 12
popular = 1 / (1 + np.arange(items))
sessions = [rng.choice(items, size=n, replace=False, p=popular / popular.sum()).tolist() for n in rng.integers(2, 7, size=40)]
prefixes = [rng.choice(items, size=n, replace=False).tolist() for n in (1, 1, 2, 3, 4, 5)]
N = len(sessions)
idf = [np.log((N + 1) / max(1, sum(i in s for s in sessions))) for i in range(items)]


def nearest(similarity):
    """The k most similar sessions, ties to the newer."""
    found = [(similarity(n), n) for n in range(N - 1, -1, -1)]
    found = [f for f in found if f[0] > 0]
    return sorted(found, key=lambda f: -f[0])[:k]


def sknn(prefix):
    score = np.zeros(items)
    for sim, n in nearest(lambda n: len(set(prefix) & set(sessions[n])) / np.sqrt(len(prefix) * len(sessions[n]))):
        for i in sessions[n]:
            score[i] += sim
    return score


def vsknn(prefix):
    weight = {i: (p + 1) / len(prefix) for p, i in enumerate(prefix)}
    score = np.zeros(items)
    for sim, n in nearest(lambda n: sum(weight.get(i, 0) for i in sessions[n]) / len(prefix)):
        for i in sessions[n]:
            score[i] += sim * idf[i]
    return score


def stan(prefix, l1=1.04, l2=0.4, l3=2.1):
    weight = {i: np.exp(-(len(prefix) - 1 - p) / l1) for p, i in enumerate(prefix)}

    def similarity(n):
        cosine = sum(weight.get(i, 0) for i in sessions[n]) / np.sqrt(len(prefix) * len(sessions[n]))
        return cosine * np.exp(-(N - 1 - n) / N / l2)

    score = np.zeros(items)
    for sim, n in nearest(similarity):
        shared = max((p, i) for p, i in enumerate(prefix) if i in sessions[n])[1]
        for p, i in enumerate(sessions[n]):
            score[i] += sim * np.exp(-abs(p - sessions[n].index(shared)) / l3)
    return score


out = {
    "provenance": {
        "tool": "numpy", "version": np.__version__,
        "command": "python recommend/testdata/golden_sessionknn.py",
        "note": "a program of the papers' formulas written for this test; no published implementation is involved",
    },
    "items": items, "sessions": sessions, "prefixes": prefixes,
    "sknn": [sknn(p).tolist() for p in prefixes],
    "vsknn": [vsknn(p).tolist() for p in prefixes],
    "stan": [stan(p).tolist() for p in prefixes],
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sessionknn.json"), "w") as f:
    json.dump(out, f)
