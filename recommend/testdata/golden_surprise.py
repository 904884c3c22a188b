"""Golden numbers for MF and SVD++ from scikit-surprise: python golden_surprise.py > surprise.json

Surprise visits the ratings user by user in a fixed order, so its biases and
factors after some epochs can be compared number by number, given its start.
"""

import json

import numpy as np
import surprise
from surprise import SVD, Dataset, Reader, SVDpp
import pandas as pd

rng = np.random.RandomState(3)
users, items, factors, epochs = 9, 7, 5, 6
rows = [(u, i, float(rng.randint(1, 6))) for u in range(users) for i in range(items) if rng.rand() < 0.6]
frame = pd.DataFrame(rows, columns=["user", "item", "rating"])
train = Dataset.load_from_df(frame, Reader(rating_scale=(1, 5))).build_full_trainset()
opt = dict(n_factors=factors, n_epochs=epochs, lr_all=0.02, reg_all=0.05, random_state=11)
model = SVD(**opt).fit(train)
start = np.random.RandomState(11)
p0 = start.normal(0, 0.1, (train.n_users, factors))
q0 = start.normal(0, 0.1, (train.n_items, factors))
plus = SVDpp(**opt).fit(train)
start = np.random.RandomState(11)
pp0 = start.normal(0, 0.1, (train.n_users, factors))
pq0 = start.normal(0, 0.1, (train.n_items, factors))
py0 = start.normal(0, 0.1, (train.n_items, factors))
# In the order of our own indices, not of first sight.
u = [train.to_inner_uid(k) for k in range(users)]
i = [train.to_inner_iid(k) for k in range(items)]
# The ratings in the order in which Surprise visits them.
order = [[int(train.to_raw_uid(a)), int(train.to_raw_iid(b)), r] for a, b, r in train.all_ratings()]
json.dump(
    {
        "provenance": {"tool": "scikit-surprise", "version": surprise.__version__, "command": "python golden_surprise.py > surprise.json"},
        "users": users, "items": items, "factors": factors, "epochs": epochs, "rate": 0.02, "regularization": 0.05,
        "visits": order,
        "p0": p0[u].ravel().tolist(), "q0": q0[i].ravel().tolist(),
        "mean": train.global_mean,
        "p": model.pu[u].ravel().tolist(), "q": model.qi[i].ravel().tolist(),
        "bu": model.bu[u].tolist(), "bi": model.bi[i].tolist(),
        "plus": {
            "p0": pp0[u].ravel().tolist(), "q0": pq0[i].ravel().tolist(), "y0": py0[i].ravel().tolist(),
            "p": plus.pu[u].ravel().tolist(), "q": plus.qi[i].ravel().tolist(), "y": plus.yj[i].ravel().tolist(),
            "bu": plus.bu[u].tolist(), "bi": plus.bi[i].tolist(),
        },
    },
    __import__("sys").stdout,
)
