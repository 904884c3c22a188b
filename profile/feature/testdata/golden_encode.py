"""Golden numbers of bins and encoders; rewrites bins.json and encoders.json.

python golden_encode.py <folder of online-shoppers and bank-marketing>
"""
import json, sys
import category_encoders, numpy, optbinning, pandas, sklearn
from category_encoders import CountEncoder, MEstimateEncoder
from optbinning import OptimalBinning
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

base = sys.argv[1]
shop = pandas.read_csv(base + "/online-shoppers/online_shoppers_intention.csv.gz")
bank = pandas.read_csv(base + "/bank-marketing/bank-full.csv.gz", sep=";")
tools = dict(command="python golden_encode.py <data>", version="scikit-learn %s, optbinning %s, category_encoders %s" % (sklearn.__version__, optbinning.__version__, category_encoders.__version__), sklearn=sklearn.__version__, optbinning=optbinning.__version__,
             category_encoders=category_encoders.__version__, pandas=pandas.__version__)

bins = []
for name, x, y in [("online-shoppers/" + c, shop[c], shop.Revenue) for c in ["PageValues", "ProductRelated", "Administrative", "ProductRelated_Duration"]] + \
                  [("bank-marketing/" + c, bank[c], bank.y == "yes") for c in ["age", "balance", "duration", "campaign"]]:
    x, y = x.to_numpy(float), y.to_numpy(int)
    one = dict(column=name, rows=len(x))
    for trend in ["ascending", "descending"]:
        o = OptimalBinning(monotonic_trend=trend, solver="cp").fit(x, y)
        t = o.binning_table
        t.build()
        one[trend] = dict(splits=list(map(float, o.splits)), iv=float(t.iv), good=[int(v) for v in t.n_event], bad=[int(v) for v in t.n_nonevent])
    t = DecisionTreeClassifier(max_leaf_nodes=8, min_samples_leaf=int(numpy.ceil(.05 * len(x)))).fit(x[:, None], y)
    one["tree"] = sorted(float(v) for v in t.tree_.threshold[t.tree_.feature >= 0])
    for s, key in [("uniform", "width"), ("quantile", "count")]:
        k = KBinsDiscretizer(7, strategy=s, encode="ordinal", subsample=None, **({"quantile_method": "linear"} if s == "quantile" else {})).fit(x[:, None])
        one[key] = [float(v) for v in k.bin_edges_[0][1:-1]]
    bins.append(one)
json.dump(dict(provenance=dict(tool="optbinning OptimalBinning, scikit-learn DecisionTreeClassifier and KBinsDiscretizer", **tools), columns=bins),
          open("bins.json", "w"), indent=1)

cols = ["job", "education", "month"]
X, y = bank[cols], (bank.y == "yes").astype(int)
folds = numpy.arange(len(X)) % 5
oof = numpy.zeros((len(X), 3))
for f in range(5):
    train, test = folds != f, folds == f
    oof[test] = TargetEncoder(smooth=10, target_type="binary").fit(X[train], y[train]).transform(X[test])
full = TargetEncoder(smooth=10, target_type="binary").fit(X, y)
m = MEstimateEncoder(m=10).fit(X, y)
rows = list(range(0, len(X), 4001))
sample = X.iloc[rows]
unseen = pandas.DataFrame([["astronaut"] * 3], columns=cols)
assert numpy.allclose(full.transform(sample), m.transform(sample), rtol=1e-12)
enc = dict(provenance=dict(tool="scikit-learn TargetEncoder, OneHotEncoder, OrdinalEncoder; category_encoders MEstimateEncoder, CountEncoder", **tools),
           rows=rows, cells=sample.values.tolist(),
           target=full.transform(sample).tolist(), targetUnseen=full.transform(unseen).tolist()[0],
           targetFolds=oof[rows].tolist(), targetFoldsSum=oof.sum(0).tolist(),
           count=CountEncoder().fit(X).transform(sample).values.tolist(),
           ordinal=OrdinalEncoder().fit(X).transform(sample).tolist(),
           oneHot=OneHotEncoder(sparse_output=False).fit(X).transform(sample).astype(int).tolist(),
           levels=[list(c) for c in OneHotEncoder().fit(X).categories_])
json.dump(enc, open("encoders.json", "w"), indent=1)
