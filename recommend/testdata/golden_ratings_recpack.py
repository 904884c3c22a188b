"""Pearson and adjusted cosine similarities of items and of users from the recpack package.

usage: python golden_ratings_recpack.py > ratings_recpack.json     (needs recpack, numpy, scipy)

compute_pearson_similarity takes the mean of each column off its stored entries,
so it gives items for the matrix and users for its transpose. Adjusted cosine is
compute_cosine_similarity of the matrix whose rows have been centred the same way,
with scikit-learn's cosine behind both. The last item has equal ratings.
"""
import importlib.metadata as meta
import json
import sys
import warnings

out, sys.stdout = sys.stdout, sys.stderr  # recpack logs to stdout
import numpy as np
from recpack.algorithms.nearest_neighbour import compute_cosine_similarity, compute_pearson_similarity
from scipy.sparse import csr_matrix

warnings.filterwarnings("ignore")
rng = np.random.default_rng(79)
users, items = 24, 15
taste = rng.normal(size=(users, 2)) @ rng.normal(size=(2, items)) + rng.normal(size=(users, 1)) + 3
dense = np.where(rng.random((users, items)) < 0.55, np.clip(np.round(2 * taste) / 2, 0.5, 5), 0)
dense[:, -1] = np.where(dense[:, -1] > 0, 4, 0)
x = csr_matrix(dense)


def adjusted(m):
    m = csr_matrix(m, dtype=float, copy=True)
    for r in range(m.shape[0]):
        row = m.data[m.indptr[r]:m.indptr[r + 1]]
        row -= row.mean() if len(row) else 0
    return compute_cosine_similarity(m)


def flat(m):
    return (m.toarray() + 0.0).ravel().round(8).tolist()


print(json.dumps({
    "provenance": {"tool": "recpack", "version": meta.version("recpack"),
                   "command": "python recommend/testdata/golden_ratings_recpack.py"},
    "users": users, "items": items, "ratings": dense.ravel().tolist(),
    "itemPearson": flat(compute_pearson_similarity(x)), "userPearson": flat(compute_pearson_similarity(csr_matrix(x.T))),
    "itemAdjusted": flat(adjusted(x)), "userAdjusted": flat(adjusted(csr_matrix(x.T))),
}), file=out)
