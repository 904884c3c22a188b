"""Effects of causalml and econml with base learners that learners_golden_test.go has, too.

    pip install causalml==0.18.0 econml==0.17.0
    python testdata/learners.py > testdata/learners.json
"""
import json
import sys
import warnings
from importlib.metadata import version

import numpy as np
from causalml.inference.meta import BaseRRegressor, BaseSRegressor, BaseTRegressor, BaseXRegressor
from econml.dml import DML, NonParamDML
from econml.dr import DRLearner
from econml.metalearners import SLearner, TLearner, XLearner
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import Ridge as LinearRidge
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import FunctionTransformer

warnings.filterwarnings("ignore")


def grow(x, y, w, idx, depth, least):
    """A node of a regression tree: (mean,) or (column, threshold, left, right)."""
    sw = sum(w[i] for i in idx)
    sy = sum(w[i] * y[i] for i in idx)
    if depth == 0 or len(idx) < 2 * least:
        return (sy / sw,)
    base = sy * sy / sw
    best, found = 1e-9 * sum(w[i] * y[i] * y[i] for i in idx), None
    for j in range(x.shape[1]):
        order = sorted(idx, key=lambda i: x[i, j])
        lw = ly = 0.0
        for p in range(len(order) - 1):
            i = order[p]
            lw, ly = lw + w[i], ly + w[i] * y[i]
            a, b = x[i, j], x[order[p + 1], j]
            if a == b or p + 1 < least or len(order) - p - 1 < least:
                continue
            gain = ly * ly / lw + (sy - ly) ** 2 / (sw - lw) - base
            if gain > best * (1 + 1e-9):
                best, found = gain, (j, (a + b) / 2)
    if found is None:
        return (sy / sw,)
    j, cut = found
    return (j, cut, grow(x, y, w, [i for i in idx if x[i, j] <= cut], depth - 1, least), grow(x, y, w, [i for i in idx if x[i, j] > cut], depth - 1, least))


def walk(node, row):
    while len(node) > 1:
        node = node[2] if row[node[0]] <= node[1] else node[3]
    return node[0]


class Cart(RegressorMixin, BaseEstimator):
    def __init__(self, depth=3, least=5):
        self.depth, self.least = depth, least

    def fit(self, x, y, sample_weight=None):
        x, y = np.asarray(x, float), np.asarray(y, float).ravel()
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        self.tree_ = grow(x, y, w, list(range(len(y))), self.depth, self.least)
        return self

    def predict(self, x):
        return np.array([walk(self.tree_, r) for r in np.asarray(x, float)])


def basis(x):
    """1, each column, each product of two."""
    d = x.shape[1]
    cols = [np.ones(len(x))] + [x[:, j] for j in range(d)] + [x[:, i] * x[:, j] for i in range(d) for j in range(i, d)]
    return np.stack(cols, 1)


class Ridge(RegressorMixin, BaseEstimator):
    def __init__(self, l2=1.0):
        self.l2 = l2

    def fit(self, x, y, sample_weight=None):
        b, y = basis(np.asarray(x, float)), np.asarray(y, float).ravel()
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        self.coef_ = np.linalg.solve(b.T @ (b * w[:, None]) + self.l2 * np.eye(b.shape[1]), b.T @ (w * y))
        return self

    def predict(self, x):
        return basis(np.asarray(x, float)) @ self.coef_


class Chance(ClassifierMixin, BaseEstimator):
    """Probabilities of two classes by a Cart."""

    def fit(self, x, t, sample_weight=None):
        t = np.asarray(t).ravel()
        self.classes_ = np.unique(t)
        self.cart_ = Cart().fit(x, (t == self.classes_[1]).astype(float))
        return self

    def predict_proba(self, x):
        p = np.clip(self.cart_.predict(x), .01, .99)
        return np.stack([1 - p, p], 1)

    def predict(self, x):
        return self.classes_[self.predict_proba(x).argmax(1)]


class Known(ClassifierMixin, BaseEstimator):
    """Probabilities that are known, by the group in the last column; of control and one arm where arm is given."""

    def __init__(self, table=None):
        self.table = table

    def fit(self, x, t, sample_weight=None):
        self.classes_ = np.unique(np.asarray(t).ravel())
        return self

    def predict_proba(self, x):
        e = np.array(self.table)[np.asarray(x)[:, -1].astype(int)]
        if len(self.classes_) < e.shape[1]:
            e = e[:, np.asarray(self.classes_, int)]
            e = e / e.sum(1, keepdims=True)
        return e

    def predict(self, x):
        return self.classes_[self.predict_proba(x).argmax(1)]


class Without(RegressorMixin, BaseEstimator):
    """A model that does not see column d, which econml fills with 1 for control."""

    def __init__(self, base=None, d=3):
        self.base, self.d = base, d

    def fit(self, x, y, sample_weight=None):
        self.model_ = type(self.base)(**self.base.get_params()).fit(np.delete(x, self.d, 1), y, sample_weight)
        return self

    def predict(self, x):
        return self.model_.predict(np.delete(x, self.d, 1))


class PerArm(RegressorMixin, BaseEstimator):
    """A model of the outcome in each arm; the arm is in the last columns, one fewer than arms."""

    def __init__(self, base=None, arms=2):
        self.base, self.arms = base, arms

    def split(self, xt):
        k = self.arms - 1
        return xt[:, :-k], xt[:, -k:] @ np.arange(1, k + 1)

    def fit(self, xt, y, sample_weight=None):
        x, t = self.split(np.asarray(xt, float))
        self.models_ = [type(self.base)(**self.base.get_params()).fit(x[t == a], np.asarray(y)[t == a]) for a in range(self.arms)]
        return self

    def predict(self, xt):
        x, t = self.split(np.asarray(xt, float))
        out = np.zeros(len(x))
        for a in range(self.arms):
            if (t == a).any():
                out[t == a] = self.models_[a].predict(x[t == a])
        return out


def make(arms, seed):
    r = np.random.default_rng(seed)
    n = 240
    x = np.stack([np.round(r.normal(size=n), 3), np.round(r.uniform(-1, 1, size=n), 3), r.integers(0, 3, size=n)], 1)
    table = [[.75, .25], [.85, .15], [.6, .4]] if arms == 2 else [[.6, .25, .15], [.5, .3, .2], [.7, .1, .2]]
    u, e = r.uniform(size=n), np.array(table)[x[:, 2].astype(int)]
    t = (u[:, None] > np.cumsum(e, 1)[:, :-1]).sum(1)
    y = np.sin(2 * x[:, 0]) + x[:, 2] + (t > 0) * (.5 + x[:, 0] * x[:, 1]) + (t > 1) * (x[:, 2] - .5) + r.normal(size=n) * .4
    return x, t, np.round(y, 4), table


def main():
    out = {"provenance": {
        "tool": "causalml, econml", "version": f"{version('causalml')}, {version('econml')}",
        "command": "python testdata/learners.py > testdata/learners.json"}, "cases": []}
    for arms in (2, 3):
        x, t, y, table = make(arms, 20261130 + arms)
        e = np.array(table)[x[:, 2].astype(int)]
        fold = np.zeros(len(y), int)
        splits = list(StratifiedKFold(4, shuffle=True, random_state=7).split(x, t))
        for f, (_, test) in enumerate(splits):
            fold[test] = f
        for name, base in (("cart", Cart()), ("ridge", Ridge())):
            got = {}

            def effects(m):
                return np.column_stack([m.effect(x, T0=0, T1=a) for a in range(1, arms)])

            got["S econml"] = effects(SLearner(overall_model=Without(base)).fit(y, t, X=x))
            got["T econml"] = effects(TLearner(models=base).fit(y, t, X=x))
            got["T causalml"] = BaseTRegressor(learner=base, control_name=0).fit_predict(x, t, y)
            pair = {a: e[:, a] / (e[:, 0] + e[:, a]) for a in range(1, arms)}
            got["X causalml"] = BaseXRegressor(learner=base, control_name=0).fit_predict(x, t, y, p=pair)
            got["X econml, known"] = effects(XLearner(models=base, propensity_model=Known(table)).fit(y, t, X=x))
            if arms == 2:  # with more it takes pairs of arms, one by one; its folds come from n_fold and random_state
                got["R causalml"] = BaseRRegressor(learner=base, control_name=0, n_fold=4, random_state=7).fit_predict(x, t, y, p=pair, verbose=False)
            got["DR econml"] = effects(DRLearner(
                model_propensity=Known(table), model_regression=PerArm(base, arms), model_final=base, cv=splits, min_propensity=.01).fit(y, t, X=x))
            if arms == 2:
                got["S causalml"] = BaseSRegressor(learner=base, control_name=0).fit_predict(x, t, y)
                got["X econml, fitted"] = effects(XLearner(models=base, propensity_model=Chance()).fit(y, t, X=x))
                got["R econml, fitted"] = effects(NonParamDML(
                    model_y=base, model_t=Chance(), model_final=base, discrete_treatment=True, cv=splits).fit(y, t, X=x))
                got["DR econml, fitted"] = effects(DRLearner(
                    model_propensity=Chance(), model_regression=PerArm(base, arms), model_final=base, cv=splits, min_propensity=.01).fit(y, t, X=x))
            elif name == "ridge":  # all treatments at once
                joint = DML(
                    model_y=base, model_t=Known(table), model_final=LinearRidge(alpha=1.0, fit_intercept=False), featurizer=FunctionTransformer(basis),
                    fit_cate_intercept=False, discrete_treatment=True, cv=splits)
                got["R econml, joint"] = effects(joint.fit(y, t, X=x))
            for tool, v in got.items():
                print(arms, name, tool, v[0], v.mean(0), v.std(0), file=sys.stderr)
            out["cases"].append({
                "learner": name, "arms": arms, "rows": x.tolist(), "treatment": t.tolist(), "outcome": y.tolist(),
                "folds": fold.tolist(), "table": table, "effects": {k: v.ravel().tolist() for k, v in got.items()}})
    json.dump(out, sys.stdout)
    print()


main()
