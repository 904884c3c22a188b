"""Writes prototypes.json: python golden_prototypes.py > prototypes.json (kmodes, numpy)."""

import json
from importlib.metadata import version

import numpy as np
from kmodes.kmodes import KModes
from kmodes.kprototypes import KPrototypes

rng = np.random.default_rng(5)
which = rng.integers(0, 3, 90)
rows = np.round(np.array([[0, 0], [4, 1], [1, 6.0]])[which] + rng.normal(0, 1, (90, 2)), 3)
words = np.array([["tea", "web"], ["milk", "app"], ["rice", "shop"]])
categories = np.where(rng.random((90, 2)) < 0.75, words[which], words[rng.integers(0, 3, 90)])
table = np.concatenate([rows.astype(object), categories.astype(object)], axis=1)
gamma = 1.5
best = min((KPrototypes(3, gamma=gamma, init="Cao", n_init=20, random_state=s).fit(table, categorical=[2, 3]) for s in range(5)), key=lambda m: m.cost_)
modes = min((KModes(3, init="Huang", n_init=20, random_state=s).fit(categories) for s in range(5)), key=lambda m: m.cost_)
print(json.dumps({
    "provenance": {"tool": "kmodes, numpy", "version": f"{version('kmodes')}, {np.__version__}", "command": "python golden_prototypes.py > prototypes.json"},
    "rows": rows.tolist(), "categories": categories.tolist(), "gamma": gamma, "labels": best.labels_.tolist(), "cost": float(best.cost_),
    "centers": best.cluster_centroids_[:, :2].astype(float).tolist(), "modes": best.cluster_centroids_[:, 2:].tolist(), "modes_cost": float(modes.cost_),
}))
