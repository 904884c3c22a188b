"""Turbo-CF and GF-CF by the programs their authors published.

usage: python golden_filters.py TURBO GFCF > filters.json     (needs torch, numpy, scipy)

TURBO is utils.py of github.com/jindeok/Turbo-CF (commit 07f41bc), GFCF model.py of
the folder "Table3&4" of github.com/yshenaw/GF_CF (commit 14a461e), or the class
GF_CF of it alone. Both are run as they are, except that sparsesvd, with its rank of
256, gives way to numpy's SVD cut at the rank of this test. The filter of second
order has no published program: its line 2P - P² is that of Park et al. (2024),
table 1, on top of the authors' P.
"""
import contextlib
import importlib.util
import json
import os
import sys
import types

import numpy as np
import scipy.sparse as sp
import torch

rng = np.random.default_rng(29)
users, items, f = 40, 24, 5
group = (np.arange(users)[:, None] % 4) == (np.arange(items)[None, :] % 4)
m = (rng.random((users, items)) < np.where(group, 0.5, 0.12)).astype(float)
m[np.arange(users), np.arange(users) % items] = 1  # the programs divide by the sums
x = sp.csr_matrix(m)
x.sort_indices()


def sparsesvd(a, _):
    u, s, vt = np.linalg.svd(a.toarray(), full_matrices=False)
    return u[:, :f].T, s[:f], vt[:f]


for name in ("world", "dataloader"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["dataloader"].BasicDataset = object
sys.modules["sparsesvd"] = types.ModuleType("sparsesvd")
sys.modules["sparsesvd"].sparsesvd = sparsesvd


def program(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def flat(a):
    return np.asarray(a, float).ravel().round(7).tolist()


turbo, gfcf = program(sys.argv[1], "turbo"), program(sys.argv[2], "gfcf")
r = torch.tensor(m, dtype=torch.float32)
cases = []
for alpha, power in [(0.5, 1.0), (0.6, 0.7), (0.3, 1.3)]:
    n = turbo.normalize_sparse_adjacency_matrix(r, alpha)
    p = n.T @ n
    p.data **= power
    second = (2 * p - p @ p).clamp(min=0)  # Aisle keeps no negative weights
    cases.append({"alpha": alpha, "power": power, "first": flat(r @ p), "second": flat(r @ second)})
model = gfcf.GF_CF(x)
with contextlib.redirect_stdout(open(os.devnull, "w")):
    model.train()
everybody = np.arange(users)
print(json.dumps({
    "provenance": {"tool": "the authors' programs (jindeok/Turbo-CF 07f41bc, yshenaw/GF_CF 14a461e)", "version": "torch " + torch.__version__ + ", numpy " + np.__version__,
                   "command": "python recommend/testdata/golden_filters.py Turbo-CF/utils.py GF_CF/model.py"},
    "users": users, "items": items, "factors": f, "ptr": x.indptr.tolist(), "col": x.indices.tolist(),
    "turbo": cases, "gfcf": flat(model.getUsersRating(everybody, "gowalla")), "linear": flat(model.getUsersRating(everybody, "amazon-book")),
}))
