"""Steps of skip-gram with negative sampling by gensim, and what its fits reach.

usage: python golden_gensim.py > gensim.json     (needs gensim, numpy)

The table of negatives is bent so that one item alone can be drawn; then a
sentence of two words is two known pairs. gensim adds the steps of the input
vector up before it takes them, Aisle takes them one by one, which is the same to
first order: steps are divided by a small rate.
"""
import importlib.metadata as meta
import json
import logging

import numpy as np
from gensim.models import Word2Vec

logging.disable(logging.CRITICAL)
rng = np.random.default_rng(37)
f, items, rate = 6, 8, 0.001
cases = []
for negatives in (1, 3):
    for _ in range(6):
        a, b, c = (int(k) for k in rng.choice(items, 3, replace=False))
        model = Word2Vec(vector_size=f, window=1, sg=1, hs=0, negative=negatives, sample=0, min_count=1, workers=1, seed=1)
        model.build_vocab([[str(k) for k in range(items)]] * 2)
        at = [model.wv.key_to_index[str(k)] for k in (a, b, c)]
        model.wv.vectors[:] = rng.normal(size=(items, f)).astype(np.float32) * 0.5
        model.syn1neg[:] = rng.normal(size=(items, f)).astype(np.float32) * 0.5
        table = np.zeros(items, np.uint32)
        table[at[2]:] = 2**31 - 1
        model.cum_table = table
        v, o = model.wv.vectors[at].copy(), model.syn1neg[at].copy()
        model.train([[str(a), str(b)]], total_examples=1, epochs=1, start_alpha=rate, end_alpha=rate)
        cases.append({"negatives": negatives, "v": v.tolist(), "c": o.tolist(),
                      "dv": ((model.wv.vectors[at] - v) / rate).tolist(), "dc": ((model.syn1neg[at] - o) / rate).tolist()})

groups, per = 6, 8
sequences = []
for k in range(240):
    g = k % groups
    sequences.append([int(g + groups * rng.integers(per)) if rng.random() < 0.4 else int(rng.integers(groups * per)) for _ in range(8)])


def purity(vectors, near=5):
    n = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    s = n @ n.T
    np.fill_diagonal(s, -2)
    top = np.argsort(-s, axis=1)[:, :near]
    return float((top % groups == np.arange(len(n))[:, None] % groups).mean())


reached = []
for seed in range(5):
    model = Word2Vec([[str(i) for i in s] for s in sequences], vector_size=16, window=5, sg=1, negative=5, sample=0, min_count=1,
                     workers=1, seed=seed + 1, epochs=20, alpha=0.05)
    reached.append(purity(np.array([model.wv[str(i)] for i in range(groups * per)])))
print(json.dumps({
    "provenance": {"tool": "gensim", "version": meta.version("gensim"), "command": "python recommend/testdata/golden_gensim.py"},
    "factors": f, "cases": cases, "groups": groups, "items": groups * per, "sequences": sequences, "purity": reached,
}))
