"""Writes noise.json: variances and conversions by diffprivlib and opendp. Run: python golden_noise.py > noise.json"""
import json, math, sys, warnings
warnings.filterwarnings("ignore")
import diffprivlib, opendp, numpy as np
from importlib.metadata import version
from diffprivlib.mechanisms import Geometric, GaussianDiscrete
import opendp.prelude as dp
dp.enable_features("contrib")
out = {"provenance": {"tool": "diffprivlib %s (scikit-learn %s), opendp %s" % (diffprivlib.__version__, version("scikit-learn"), version("opendp")), "version": diffprivlib.__version__, "command": "python testdata/golden_noise.py > testdata/noise.json"}}
lap = []
for eps, sens in [(.1, 1), (.5, 1), (1, 1), (2, 1), (1, 3), (.25, 40), (math.log(3), 7)]:
    m = Geometric(epsilon=eps, sensitivity=sens)
    lap.append({"epsilon": eps, "sensitivity": sens, "variance": m.variance(0)})
out["laplace"] = lap
# opendp: epsilon of the discrete Laplace law of scale sens/eps at distance sens
space = dp.atom_domain(T=int), dp.absolute_distance(T=int)
out["map"] = [{"epsilon": e, "sensitivity": s, "scale": s / e, "map": dp.m.make_laplace(*space, scale=s / e).map(s)} for e, s in [(.5, 1), (1., 3), (.25, 40)]]
out["gaussian"] = []
for rho, sens in [(.5, 1), (.125, 1), (.005, 3)]:
    scale = sens / math.sqrt(2 * rho)
    m = dp.m.make_gaussian(*space, scale=scale)
    out["gaussian"].append({"rho": rho, "squared": sens * sens, "map": m.map(sens)})
out["convert"] = []
for rho in [.0005, .005, .05, .5, 2.]:
    for delta in [1e-3, 1e-5, 1e-6, 1e-9]:
        m = dp.c.make_zCDP_to_approxDP(dp.m.make_gaussian(*space, scale=1 / math.sqrt(2 * rho)))
        out["convert"].append({"rho": rho, "delta": delta, "epsilon": m.map(1).epsilon(delta)})
json.dump(out, sys.stdout, indent=1)
