"""scikit-learn beside feature.Screen: python selection.py 1000000 200 (rows and columns; 4 GB)"""
import sys, time
import numpy as np, sklearn
from sklearn.feature_selection import chi2, f_classif
from sklearn.metrics import mutual_info_score

rows, columns = int(sys.argv[1]), int(sys.argv[2])
r = np.random.default_rng(20260101)
y = (r.random(rows) < 0.2).astype(np.int64)
x = np.empty((rows, columns), np.float32)
for j in range(columns):
    c = np.abs(r.standard_normal(rows, np.float32) + y.astype(np.float32) * (j % 7) / 50)
    x[:, j] = np.floor(4 * c) if j % 2 == 0 else c
edges = [np.unique(np.quantile(x[:10_000, j], np.arange(1, 10) / 10)) for j in range(columns)]


def took(name, f):
    start = time.process_time()
    f()
    print(name, round(time.process_time() - start, 2), "cpu s, scikit-learn", sklearn.__version__, flush=True)


took("f_classif", lambda: f_classif(x, y))
took("chi2", lambda: chi2(x, y))
took("binned mutual information",
     lambda: [mutual_info_score(np.searchsorted(edges[j], x[:, j], side="right"), y) for j in range(columns)])
