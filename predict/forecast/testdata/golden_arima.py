"""Golden numbers of ARIMA: python golden_arima.py > arima.json

statsmodels 0.15.0 (SARIMAX of the differenced series, exact likelihood), Nile and AirPassengers as it and
R carry them."""

import json, warnings
import numpy as np
import statsmodels
import statsmodels.api as sm
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import kpss

warnings.filterwarnings("ignore")
nile = sm.datasets.nile.load_pandas().data["volume"].to_numpy(float)
air = np.array([112,118,132,129,121,135,148,148,136,119,104,118,115,126,141,135,125,149,170,170,158,133,114,140,145,150,178,163,172,178,199,199,184,162,146,166,171,180,193,181,183,218,230,242,209,191,172,194,196,196,236,235,229,243,264,272,237,211,180,201,204,188,235,227,234,264,302,293,259,229,203,229,242,233,267,269,270,315,364,347,312,274,237,278,284,277,317,313,318,374,413,405,355,306,271,306,315,301,356,348,355,422,465,467,404,347,305,336,340,318,362,348,363,435,491,505,404,359,310,337,360,342,406,396,420,472,548,559,463,407,362,405,417,391,419,461,472,535,622,606,508,461,390,432], float)
logair = np.log(air)
gaps = nile.copy(); gaps[[3, 20, 21, 22, 60, 99]] = np.nan
cases = []
for name, y, order, season, trend in [
    ("nile", nile, (1, 0, 1), (0, 0, 0, 0), "c"),
    ("nile", nile, (0, 1, 1), (0, 0, 0, 0), "n"),
    ("nile", nile, (2, 1, 1), (0, 0, 0, 0), "c"),
    ("nile", nile, (3, 0, 0), (0, 0, 0, 0), "c"),
    ("gaps", gaps, (1, 0, 1), (0, 0, 0, 0), "c"),
    ("gaps", gaps, (2, 0, 0), (0, 0, 0, 0), "c"),
    ("logair", logair, (0, 1, 1), (0, 1, 1, 12), "n"),
    ("logair", logair, (2, 1, 0), (1, 1, 0, 12), "n"),
    ("logair", logair, (1, 0, 1), (0, 1, 1, 12), "c"),
]:
    best = None
    for method in ("lbfgs", "nm", "powell"):
        start = None if best is None else best.params
        r = SARIMAX(y, order=order, seasonal_order=season, trend=trend, simple_differencing=True).fit(start, disp=0, method=method, maxiter=2000)
        if best is None or r.llf > best.llf:
            best = r
    r = best
    f = r.get_forecast(8)
    cases.append(dict(series=name, model=str(order).replace(" ", "") + (str(season[:3]).replace(" ", "") if season[3] else ""), season=season[3] or 1, constant=trend == "c",
        ar=list(map(float, r.arparams)), ma=list(map(float, r.maparams)), sar=list(map(float, r.seasonalarparams)), sma=list(map(float, r.seasonalmaparams)),
        sigma2=float(r.params[-1]), llf=float(r.llf), mean=[float(x) for x in f.predicted_mean], se=[float(x) for x in f.se_mean], differenced=order[1] + season[1] > 0))
print(json.dumps(dict(
    provenance=dict(tool="statsmodels", version=statsmodels.__version__, command="python golden_arima.py > arima.json"),
    series=dict(nile=list(nile), gaps=[None if x != x else x for x in gaps], logair=list(logair)), cases=cases,
    kpss=dict(nile=float(kpss(nile, nlags=int(3 * np.sqrt(len(nile)) / 13))[0]), logair=float(kpss(logair, nlags=int(3 * np.sqrt(len(logair)) / 13))[0]))), indent=1))
