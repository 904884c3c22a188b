"""BSPM from its formulas: numpy's SVD, the blurring and sharpening equations by torchdiffeq's rk4 or,
where that is absent, a Runge-Kutta step written out.

usage: python golden_bspm.py svd.json > bspm.json
"""
import json
import sys

import numpy as np
import scipy.sparse as sp

g = json.load(open(sys.argv[1]))
r = sp.csr_matrix((np.ones(len(g["col"])), g["col"], g["ptr"]), (g["users"], g["items"])).toarray()
beta, time, f = 0.4, 2.5, g["factors"]
du, di = r.sum(1), r.sum(0)
root = np.sqrt(np.where(di > 0, di, 1))
tilde = r / np.sqrt(du)[:, None] / root[None, :]
p = tilde.T @ tilde
v = np.linalg.svd(tilde, full_matrices=False)[2][:f]


def flow(y):
    """The change of the image while it is sharpened."""
    return -y @ p


def step(y, h):
    a = flow(y)
    b = flow(y + h / 2 * a)
    c = flow(y + h / 2 * b)
    d = flow(y + h * c)
    return y + h / 6 * (a + 2 * b + 2 * c + d)


blurred = r @ p + beta * (r / root) @ v.T @ v * np.sqrt(di)
try:
    import torch
    import torchdiffeq

    y = torchdiffeq.odeint(lambda t, y: torch.tensor(flow(y.numpy())), torch.tensor(blurred),
                           torch.tensor([0.0, time], dtype=torch.float64), method="rk4")[-1].numpy()
    assert np.allclose(y, step(blurred, time))
    tool, version = "torchdiffeq", torchdiffeq.__version__
except ImportError:
    y, tool, version = step(blurred, time), "numpy", np.__version__

print(json.dumps({
    "provenance": {"tool": tool, "version": version, "command": "python recommend/testdata/golden_bspm.py recommend/testdata/svd.json"},
    "beta": beta, "sharpening": time, "bspm": y.ravel().round(7).tolist(),
}))
