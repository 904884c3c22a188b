"""Scores of TIFU-KNN by the formulas of the paper, in numpy, with neighbours by
scikit-learn: writes nextbasket.json.

Hu, He, Gao, Zhang: Modeling personalized item frequency information for
next-basket recommendation. SIGIR 2020.
"""
import json
import os
import numpy as np
import sklearn
from sklearn.neighbors import NearestNeighbors

rng = np.random.default_rng(3)
items, users = 15, 12
options = {"Neighbors": 4, "Group": 3, "BasketDecay": 0.8, "GroupDecay": 0.6, "Own": 0.7}
baskets, owner = [], []
for u in range(users):
    habit = rng.dirichlet(np.full(items, 0.3))
    for _ in range(rng.integers(1, 9)):
        baskets.append(np.flatnonzero(rng.random(items) < np.minimum(1, 3 * habit + 0.05)).tolist())
        owner.append(u)
        if not baskets[-1]:
            baskets[-1] = [int(habit.argmax())]

m, rb, rg = options["Group"], options["BasketDecay"], options["GroupDecay"]
vectors = np.zeros((users, items))
for u in range(users):
    own = [b for b, o in zip(baskets, owner) if o == u]
    head = len(own) % m
    groups = ([own[:head]] if head else []) + [own[k:k + m] for k in range(head, len(own), m)]
    for g, group in enumerate(groups):
        for j, b in enumerate(group):
            multihot = np.zeros(items)
            multihot[b] = 1
            vectors[u] += rg ** (len(groups) - 1 - g) * rb ** (len(group) - 1 - j) * multihot / len(group) / len(groups)

nearest = NearestNeighbors(n_neighbors=options["Neighbors"] + 1).fit(vectors).kneighbors(vectors, return_distance=False)
scores = []
for u in range(users):
    others = [v for v in nearest[u] if v != u][:options["Neighbors"]]
    scores.append((options["Own"] * vectors[u] + (1 - options["Own"]) * vectors[others].mean(axis=0)).tolist())
out = {
    "provenance": {
        "tool": "numpy and scikit-learn NearestNeighbors", "version": f"{np.__version__}, {sklearn.__version__}",
        "command": "python recommend/testdata/golden_nextbasket.py",
    },
    "items": items, "baskets": baskets, "users": owner, "options": options, "scores": scores,
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "nextbasket.json"), "w") as f:
    json.dump(out, f)
