"""PureSVD from scikit-learn's TruncatedSVD; GF-CF from its formulas by numpy.

usage: python golden_svd.py > svd.json
"""
import json

import numpy as np
import scipy.sparse as sp
import sklearn
from sklearn.decomposition import TruncatedSVD

rng = np.random.default_rng(5)
users, items, f = 36, 24, 6
group = (np.arange(users)[:, None] % 3) == (np.arange(items)[None, :] % 3)
m = (rng.random((users, items)) < np.where(group, 0.5, 0.1)) * rng.integers(1, 5, (users, items))
m[:, 0] = 0
m[np.arange(users), 1 + np.arange(users) % (items - 1)] = 2  # no empty row
m = m.astype(float)
s = sp.csr_matrix(m)
s.sort_indices()


def project(a, history):
    t = TruncatedSVD(n_components=f, algorithm="arpack", random_state=0).fit(sp.csr_matrix(a))
    return t.singular_values_, history @ t.components_.T @ t.components_


sigma, scores = project(m, m)
norm = np.linalg.norm(m, axis=0)
d = np.where(norm > 0, np.where(norm > 0, norm, 1) ** -0.7, 0)
scaled = project(m * d, m * d)[1]

r = (m > 0).astype(float)
du, di = r.sum(1), r.sum(0)
diz = np.where(di > 0, di, 1)
tilde = np.where(di > 0, r / np.sqrt(du)[:, None] / np.sqrt(diz)[None, :], 0)
u, _, vt = np.linalg.svd(tilde, full_matrices=False)
vt = vt[:f]
low = (r / np.sqrt(diz)[None, :]) @ vt.T @ vt * np.sqrt(di)[None, :]
gfcf = r @ tilde.T @ tilde + 0.3 * low

print(json.dumps({
    "provenance": {"tool": "scikit-learn", "version": sklearn.__version__ + ", numpy " + np.__version__,
                   "command": "python recommend/testdata/golden_svd.py"},
    "users": users, "items": items, "factors": f,
    "ptr": s.indptr.tolist(), "col": s.indices.tolist(), "val": s.data.tolist(),
    "sigma": sigma.tolist(), "scores": scores.ravel().round(7).tolist(), "scaled": scaled.ravel().round(7).tolist(),
    "gfcf": gfcf.ravel().round(7).tolist(),
}))
