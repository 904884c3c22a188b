"""Golden numbers of power and quantile scalers; rewrites powers.json.

python golden_powers.py <folder of bank-marketing>
"""
import json, sys
import pandas, sklearn
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

bank = pandas.read_csv(sys.argv[1] + "/bank-marketing/bank-full.csv.gz", sep=";")
b, a = bank.balance.to_numpy(float)[:, None], bank.age.to_numpy(float)[:, None]
rows = list(range(0, len(b), 2503))
q = dict(n_quantiles=1000, subsample=None)
get = lambda t, x: t.fit_transform(x)[rows, 0].tolist()
json.dump(dict(provenance=dict(tool="scikit-learn PowerTransformer, QuantileTransformer", version=sklearn.__version__, command="python golden_powers.py <data>"),
               rows=rows, yeoJohnson=get(PowerTransformer(), b), boxCox=get(PowerTransformer(method="box-cox"), a),
               rank=get(QuantileTransformer(**q), b), normal=get(QuantileTransformer(output_distribution="normal", **q), b)), open("powers.json", "w"), indent=1)
