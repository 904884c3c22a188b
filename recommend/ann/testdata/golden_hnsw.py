"""Recall of hnswlib on vectors that are hard for float32, for hnsw_golden_test.go.

    python recommend/ann/testdata/golden_hnsw.py > recommend/ann/testdata/hnswlib.json

Needs hnswlib and numpy. The vectors are made of integers and exact sums, so that the
test makes the same bits from the parameters of a case: see `rows`.
"""

import json
import sys
from importlib.metadata import version

import hnswlib
import numpy as np

N, K, QUERIES, M, BUILD, EF = 3000, 10, 60, 16, 128, 64


def mix(z):
    z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def normals(seed, n):
    """Sums of twelve uniform numbers of 32 bits, less 6: exact in float64."""
    at = np.arange(12 * n, dtype=np.uint64) + np.uint64(seed << 32)
    u = (mix(at) >> np.uint64(32)).astype(np.float64) / 2.0**32
    return u.reshape(n, 12).sum(axis=1) - 6


def rows(c):
    f = c["f"]
    x = normals(c["seed"], N * f).reshape(N, f)
    if c.get("copies"):
        x = x[np.arange(N) % c["copies"]]
    x = x * c.get("sigma", 1.0)
    if c.get("clusters"):
        x[np.arange(N), np.arange(N) % c["clusters"]] += 10
    x = x + c.get("offset", 0.0)
    if c.get("scale"):
        x = x * np.array(c["scale"])
    if c.get("lengths"):
        e = np.floor(normals(c["seed"] + 1, N) * c["lengths"])
        x = x * (2.0**e)[:, None]
    for row, k, v in c.get("wild", []):
        x[row, k] = v
    return x.astype(np.float32)


def recall(space, x):
    index = hnswlib.Index(space={"Euclidean": "l2", "Cosine": "cosine", "InnerProduct": "ip"}[space], dim=x.shape[1])
    index.init_index(max_elements=N, M=M, ef_construction=BUILD, random_seed=100)
    index.add_items(x, num_threads=1)
    index.set_ef(EF)
    got, _ = index.knn_query(x[:QUERIES], k=K, num_threads=1)
    wide = x.astype(np.float64)
    found = 0
    for q in range(QUERIES):
        d = distances(space, wide, wide[q])
        found += (d[got[q]] <= np.sort(d)[K - 1]).sum()
    return found / (QUERIES * K)


def distances(space, x, q):
    if space == "Euclidean":
        return ((x - q) ** 2).sum(axis=1)
    if space == "Cosine":
        unit = x / np.sqrt((x * x).sum(axis=1))[:, None]
        return ((unit - q / np.sqrt((q * q).sum())) ** 2).sum(axis=1)
    return -(x @ q)


E = "Euclidean"
several = [[50 + 100 * i, i % 8, v] for i, v in enumerate([1e12, -1e12, 3e11, 1e9, -1e10, 1e6] * 5)]
cases = [{"name": "one wild coordinate %g" % v, "space": E, "f": 8, "seed": 1, "wild": [[77, 1, v]]} for v in (0, 1e6, 1e7, 1e8, -1e9, 1e12)]
cases += [
    {"name": "wild coordinates in 30 vectors", "space": E, "f": 8, "seed": 2, "wild": several},
    {"name": "wild vector among the queries", "space": E, "f": 8, "seed": 2, "wild": [[20, 3, 1e12]]},
    {"name": "wild coordinate of 64", "space": E, "f": 64, "seed": 3, "clusters": 30, "wild": [[77, 1, 1e12]]},
    {"name": "tight clusters 1e-3", "space": E, "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-3},
    {"name": "tight clusters 1e-4", "space": E, "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-4},
    {"name": "tight clusters 1e-5", "space": E, "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-5},
    {"name": "tight clusters and a wild coordinate", "space": E, "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-3, "wild": [[77, 1, 1e12]]},
    {"name": "offset 1e3", "space": E, "f": 8, "seed": 5, "offset": 1e3},
    {"name": "offset 1e5", "space": E, "f": 8, "seed": 5, "offset": 1e5},
    {"name": "offset -1e3, sigma .01", "space": E, "f": 8, "seed": 5, "offset": -1e3, "sigma": 0.01},
    {"name": "mixed scales", "space": E, "f": 8, "seed": 6, "scale": [1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000]},
    {"name": "one huge scale", "space": E, "f": 8, "seed": 6, "scale": [1, 1, 1, 1e9, 1, 1, 1, 1]},
    {"name": "300 vectors ten times", "space": E, "f": 8, "seed": 7, "copies": 300},
    {"name": "tiny", "space": E, "f": 8, "seed": 8, "sigma": 1e-15},
    {"name": "tight clusters 1e-2", "space": "Cosine", "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-2},
    {"name": "tight clusters 1e-3", "space": "Cosine", "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-3},
    {"name": "tight clusters 1e-4", "space": "Cosine", "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-4},
    {"name": "tight clusters 1e-5", "space": "Cosine", "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-5},
    {"name": "tight clusters of any length", "space": "Cosine", "f": 8, "seed": 4, "clusters": 3, "sigma": 1e-3, "lengths": 3},
    {"name": "offset 1e3", "space": "Cosine", "f": 8, "seed": 5, "offset": 1e3},
    {"name": "offset 1e4", "space": "Cosine", "f": 8, "seed": 5, "offset": 1e4},
    {"name": "300 vectors ten times", "space": "Cosine", "f": 8, "seed": 7, "copies": 300},
    {"name": "300 directions ten times", "space": "Cosine", "f": 8, "seed": 7, "copies": 300, "lengths": 2},
    {"name": "one wild coordinate", "space": "Cosine", "f": 8, "seed": 1, "wild": [[77, 1, 1e12]]},
    {"name": "no wild length", "space": "InnerProduct", "f": 8, "seed": 1},
    {"name": "one wild length", "space": "InnerProduct", "f": 8, "seed": 1, "wild": [[77, 1, 1e12]]},
    {"name": "30 wild lengths", "space": "InnerProduct", "f": 8, "seed": 2, "wild": several},
    {"name": "one wild length of 64", "space": "InnerProduct", "f": 64, "seed": 3, "clusters": 30, "wild": [[77, 1, 1e12]]},
    {"name": "lengths over many decades", "space": "InnerProduct", "f": 8, "seed": 9, "lengths": 5},
]
for c in cases:
    c["recall"] = round(float(recall(c["space"], rows(c))), 4)
json.dump(
    {
        "provenance": {
            "tool": "hnswlib",
            "version": "%s, numpy %s" % (version("hnswlib"), version("numpy")),
            "command": "python recommend/ann/testdata/golden_hnsw.py > recommend/ann/testdata/hnswlib.json",
        },
        "settings": {"n": N, "k": K, "queries": QUERIES, "links": M, "build": BUILD, "ef": EF},
        "cases": cases,
    },
    sys.stdout,
    indent=1,
)
print()
