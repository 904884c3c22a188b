"""Golden numbers of Neighbors, on a sample with gaps made by rule; rewrites neighbors.json.

python golden_neighbors.py <folder of bank-marketing>
"""
import json, sys
import numpy, pandas, sklearn
from sklearn.impute import KNNImputer

bank = pandas.read_csv(sys.argv[1] + "/bank-marketing/bank-full.csv.gz", sep=";")
x = bank[["age", "duration", "balance"]].iloc[::1009].to_numpy(float)
x[::5, 0], x[1::5, 1], x[2::5, 2] = numpy.nan, numpy.nan, numpy.nan
show = lambda m: [[None if numpy.isnan(v) else v for v in r] for r in m.tolist()]
json.dump(dict(provenance=dict(tool="scikit-learn KNNImputer(n_neighbors=3)", version=sklearn.__version__, command="python golden_neighbors.py <data>"),
               rows=show(x), filled=KNNImputer(n_neighbors=3).fit_transform(x).tolist()), open("neighbors.json", "w"))
