"""Partial dependence, ICE and permutation importance of scikit-learn, ALE of PyALE:
python golden_explain.py > explain.json"""
import json, sys, types
import numpy as np, sklearn
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence, permutation_importance

def f(X): return 2 * X[:, 0] + np.sin(3 * X[:, 1]) + X[:, 0] * X[:, 1] + .5 * X[:, 2] ** 2
class Model(RegressorMixin, BaseEstimator):
    def fit(self, X, y): self.fitted_ = True; self.n_features_in_ = X.shape[1]; return self
    def predict(self, X): return f(np.asarray(X))
r = np.random.default_rng(5)
X = np.round(np.column_stack([r.normal(size=80), r.random(80) * 2 - 1, r.integers(0, 6, 80)]), 2)
X[:, 1] = np.round(X[:, 1] + .4 * X[:, 0], 2)
m = Model().fit(X, f(X))
out = {}
one = partial_dependence(m, X, [0], kind="both", grid_resolution=12, method="brute")
out["grid"], out["mean"], out["ice"] = one["grid_values"][0].tolist(), one["average"][0].tolist(), one["individual"][0][:5].tolist()
few = partial_dependence(m, X, [2], grid_resolution=12, method="brute")
out["few_grid"], out["few_mean"] = few["grid_values"][0].tolist(), few["average"][0].tolist()
two = partial_dependence(m, X, [0, 1], grid_resolution=4, method="brute", percentiles=(.1, .9))
out["grid2"], out["mean2"] = [g.tolist() for g in two["grid_values"]], two["average"][0].ravel().tolist()
y = f(X) + r.normal(size=80)
p = permutation_importance(m, X, y, n_repeats=300, random_state=1, scoring="neg_mean_squared_error")
out["y"], out["importances"], out["importances_se"] = y.tolist(), p.importances_mean.tolist(), (p.importances_std / np.sqrt(300)).tolist()
import pandas as pd, PyALE
percentile = np.percentile
np.percentile = lambda *a, interpolation="linear", **k: percentile(*a, method=interpolation, **k)  # the name of old NumPy, which PyALE 1.2.0 asks by
from PyALE._src.ALE_1D import aleplot_1D_continuous
from PyALE._src.ALE_2D import aleplot_2D_continuous
class Frame:
    def predict(self, d): return f(d.to_numpy())
o = aleplot_1D_continuous(pd.DataFrame(X, columns=list("abc")), Frame(), "b", grid_size=8, include_CI=False)
out["edges"], out["ale"] = o.index.tolist(), o["eff"].tolist()
t = aleplot_2D_continuous(pd.DataFrame(X, columns=list("abc")), Frame(), ["a", "b"], grid_size=2)
out["edges2"], out["ale2"] = [t.index.tolist(), t.columns.tolist()], t.to_numpy().ravel().tolist()
out = {"provenance": {"tool": "scikit-learn, PyALE", "version": f"{sklearn.__version__}, 1.2.0", "command": "python golden_explain.py > explain.json"}, "rows": X.tolist(), **out}
json.dump(out, sys.stdout)
