"""Writes linkage.json: python golden_linkage.py > linkage.json (scipy, fastcluster, numpy)."""

import json

import fastcluster
import numpy as np
import scipy
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

rng = np.random.default_rng(7)
centres = rng.normal(0, 4, (5, 3))
rows = np.round(centres[rng.integers(0, 5, 60)] + rng.normal(0, 1, (60, 3)), 3)


def first(labels):
    """Numbers clusters by their lowest row."""
    seen = {}
    return [seen.setdefault(int(x), len(seen)) for x in labels]


cases = {}
for method in ["ward", "single", "complete", "average"]:
    z = linkage(rows, method)
    same = fastcluster.linkage_vector(rows, method) if method in ("ward", "single") else fastcluster.linkage(pdist(rows), method)
    assert np.allclose(z[:, 2:], same[:, 2:], rtol=1e-12)
    height = float(z[-4, 2] + z[-5, 2]) / 2
    cases[method] = {
        "merges": [[int(a), int(b), float(h), int(s)] for a, b, h, s in z],
        "five": first(fcluster(z, 5, "maxclust")),
        "height": height,
        "below": first(fcluster(z, height, "distance")),
    }
print(json.dumps({
    "provenance": {
        "tool": "scipy, fastcluster, numpy",
        "version": f"{scipy.__version__}, {fastcluster.__version__}, {np.__version__}",
        "command": "python golden_linkage.py > linkage.json",
    },
    "rows": rows.tolist(), "cases": cases,
}))
