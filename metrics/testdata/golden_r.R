# Makes r.json of this folder: Rscript golden_r.R
#
# Needs R with the packages jsonlite, sandwich, lmtest, rpact, pwr, pROC, mclust, fpc,
# forecast and nlme (Debian: r-cran-jsonlite and so on).
suppressPackageStartupMessages({
  library(jsonlite); library(sandwich); library(lmtest); library(rpact); library(pwr)
  library(pROC); library(mclust); library(fpc); library(forecast); library(nlme)
})
options(warn = -1)
set.seed(20261122)
u <- unbox
out <- list()
packages <- c("sandwich", "lmtest", "rpact", "pwr", "pROC", "mclust", "fpc", "forecast", "nlme")
out$provenance <- list(
  tool = u(paste(c("R", packages), collapse = ", ")),
  version = u(paste(c(paste(R.version$major, R.version$minor, sep = "."),
                      sapply(packages, function(p) as.character(packageVersion(p)))), collapse = ", ")),
  command = u("Rscript golden_r.R"))

# Two proportions: pooled z, unpooled interval of treatment minus control, Fisher.
cases <- rbind(c(40, 100, 50, 100), c(0, 77, 6, 80), c(3, 12, 9, 11), c(821, 30000, 907, 30100),
               c(1, 1e6, 12, 1e6), c(500123, 1e6, 501500, 1e6))
out$proportions <- lapply(seq_len(nrow(cases)), function(i) {
  k <- cases[i, ]
  p <- prop.test(c(k[3], k[1]), c(k[4], k[2]), correct = FALSE)
  p90 <- prop.test(c(k[3], k[1]), c(k[4], k[2]), correct = FALSE, conf.level = .9)
  list(k = k, statistic = u(unname(p$statistic)), p = u(p$p.value), ci = as.numeric(p$conf.int), ci90 = as.numeric(p90$conf.int),
       fisher = u(fisher.test(matrix(c(k[1], k[2] - k[1], k[3], k[4] - k[3]), 2))$p.value))
})
out$rates <- lapply(list(c(0, 77), c(18, 20), c(19, 38), c(77, 77), c(3, 1e5), c(501500, 1e6)), function(k)
  list(k = k,
       wilson = as.numeric(prop.test(k[1], k[2], correct = FALSE)$conf.int),
       wilson99 = as.numeric(prop.test(k[1], k[2], correct = FALSE, conf.level = .99)$conf.int),
       exact = as.numeric(binom.test(k[1], k[2])$conf.int),
       exact80 = as.numeric(binom.test(k[1], k[2], conf.level = .8)$conf.int)))

# Welch.
out$welch <- lapply(list(c(5, 9, 0, 1, 0, 3), c(2, 2, 4, 1, 5, 1), c(200, 30, 1e6, 2, 1e6 + 1, 40)), function(k) {
  a <- round(rnorm(k[1], k[3], k[4]), 4); b <- round(rnorm(k[2], k[5], k[6]), 4)
  w <- t.test(b, a); w9 <- t.test(b, a, conf.level = .9)
  list(a = a, b = b, t = u(unname(w$statistic)), df = u(unname(w$parameter)), p = u(w$p.value),
       ci = as.numeric(w$conf.int), ci90 = as.numeric(w9$conf.int))
})

# Many p-values, ties, ones and zeros among them.
ps <- list(c(.01, .04, .03, .005), signif(runif(13)^3, 6), c(.2), c(.5, .5, .01, .01, 1), c(0, 1, .04, .04))
out$adjust <- lapply(ps, function(p) {
  r <- list(p = p)
  for (m in c("holm", "hochberg", "bonferroni", "BH", "BY")) r[[m]] <- p.adjust(p, m)
  r
})

# Sample size and power.
sizes <- list(c(.10, .12, .05, .8), c(.5, .75, .05, .9), c(.001, .0012, .01, .95), c(.9, .8, .1, .7))
out$powerprop <- lapply(sizes, function(k) {
  n <- power.prop.test(p1 = k[1], p2 = k[2], sig.level = k[3], power = k[4], tol = 1e-12)$n
  n1 <- power.prop.test(p1 = k[1], p2 = k[2], sig.level = k[3], power = k[4], alternative = "one.sided", tol = 1e-12)$n
  h <- ES.h(k[2], k[1])
  list(k = k, n = u(n), oneSided = u(n1),
       power = u(power.prop.test(n = 400, p1 = k[1], p2 = k[2], sig.level = k[3])$power),
       h = u(h), arcsinePower = u(pwr.2p2n.test(h = abs(h), n1 = 300, n2 = 500, sig.level = k[3], alternative = "greater")$power))
})
out$detectprop <- lapply(list(c(5000, .1, .05, .8), c(300, .5, .01, .9)), function(k)
  list(k = k, p2 = u(power.prop.test(n = k[1], p1 = k[2], sig.level = k[3], power = k[4], tol = 1e-12)$p2)))
out$powert <- lapply(list(c(.5, 1, 30, .05), c(.02, .7, 4000, .01), c(3, 1, 3, .05)), function(k) {
  p <- power.t.test(n = k[3], delta = k[1], sd = k[2], sig.level = k[4], strict = TRUE)$power
  list(k = k, power = u(p),
       oneSided = u(power.t.test(n = k[3], delta = k[1], sd = k[2], sig.level = k[4], alternative = "one.sided")$power),
       unequal = u(pwr.t2n.test(n1 = k[3], n2 = 2 * k[3], d = k[1] / k[2], sig.level = k[4])$power),
       n = u(power.t.test(delta = k[1], sd = k[2], sig.level = k[4], power = .85, strict = TRUE, tol = 1e-12)$n),
       delta = u(power.t.test(n = k[3], sd = k[2], sig.level = k[4], power = .85, strict = TRUE, tol = 1e-12)$delta))
})

# Sample ratio.
out$srm <- lapply(list(list(c(9463, 7681), c(1, 1)), list(c(821588, 815482), c(.5, .5)), list(c(10, 7, 4), c(5, 3, 2)),
                       list(c(332, 340, 341, 987), c(1, 1, 1, 3))), function(k) {
  x <- chisq.test(k[[1]], p = k[[2]], rescale.p = TRUE)
  list(counts = k[[1]], weights = k[[2]], chi = u(unname(x$statistic)), df = u(unname(x$parameter)), p = u(x$p.value), expected = as.numeric(x$expected))
})

# Group sequential bounds, two-sided and one-sided; power and inflation.
plans <- list(c(.2, .4, .6, .8, 1), c(.3, .65, 1), c(.5, 1), c(.1, .15, .5, .9, 1))
out$groupseq <- unlist(lapply(plans, function(f) lapply(c("asOF", "asP", "OF", "P"), function(type) {
  if (type %in% c("OF", "P") && f[1] != .2 && f[1] != .5) return(NULL)
  do <- function(sided, alpha) getDesignGroupSequential(kMax = length(f), informationRates = f, alpha = alpha, beta = .1,
                                                        sided = sided, typeOfDesign = type, twoSidedPower = sided == 2, tolerance = 1e-10)
  d2 <- do(2, .05); d1 <- do(1, .025)
  ch <- getDesignCharacteristics(d2)
  list(fractions = f, type = u(type), two = d2$criticalValues, one = d1$criticalValues, spent = d2$alphaSpent,
       inflation90 = u(ch$inflationFactor))
})), recursive = FALSE)
out$groupseq <- Filter(Negate(is.null), out$groupseq)

# Interrupted series: Newey-West with lags given; ordinary least squares; REML autocorrelation.
out$series <- lapply(list(c(48, 24, .4), c(80, 60, 0), c(150, 70, .7)), function(k) {
  n <- k[1]; at <- k[2]
  e <- as.numeric(arima.sim(list(ar = k[3]), n)); if (k[3] == 0) e <- rnorm(n)
  t <- 0:(n - 1)
  y <- round(100 + .2 * t + 3 * (t >= at) + .1 * (t - at) * (t >= at) + 2 * e, 4)
  level <- as.numeric(t >= at); slope <- (t - at) * level
  fit <- lm(y ~ t + level + slope)
  se <- lapply(c(0, 3, 8), function(L) sqrt(diag(NeweyWest(fit, lag = L, prewhite = FALSE, adjust = TRUE)))[c("level", "slope")])
  list(y = y, at = u(at), coef = as.numeric(coef(fit)), lags = c(0, 3, 8), se = lapply(se, as.numeric),
       rho = u(as.numeric(coef(gls(y ~ t + level + slope, correlation = corAR1(form = ~t), method = "REML",
                                   control = list(msTol = 1e-12, tolerance = 1e-12))$modelStruct$corStruct, unconstrained = FALSE))))
})

# Cluster-robust: each arm on its own, Liang and Zeger with G/(G-1).
robust <- function(formula, data, cluster, name) {
  v <- vcovCL(lm(formula, data), cluster = data[[cluster]], type = "HC0", cadjust = TRUE)
  v[name, name]
}
shops <- data.frame(k = rep(1:24, times = rep(c(3, 5, 9, 2), 6)))
shops$b <- shops$k %% 2
shops$y <- round(20 + 2 * rnorm(24)[shops$k] + rnorm(nrow(shops)) + shops$b, 4)
v <- sapply(0:1, function(g) robust(y ~ 1, shops[shops$b == g, ], "k", "(Intercept)"))
m <- sapply(0:1, function(g) mean(shops$y[shops$b == g]))
out$clusters <- list(k = shops$k, b = shops$b, y = shops$y, effect = u(m[2] - m[1]), se = u(sqrt(sum(v))))

# Difference in differences of an unbalanced panel, clustered by unit in each group.
panel <- data.frame(u = rep(1:14, times = rep(c(4, 6), 7)))
panel$after <- as.numeric(ave(panel$u, panel$u, FUN = seq_along) > 3)
panel$t <- as.numeric(panel$u > 8)
panel$y <- round(10 + rnorm(14)[panel$u] + panel$after * (1 + 2 * panel$t) + .5 * rnorm(nrow(panel)), 4)
v <- sapply(0:1, function(g) robust(y ~ after, panel[panel$t == g, ], "u", "after"))
out$did <- list(u = panel$u, t = panel$t, after = panel$after, y = panel$y,
                effect = u(unname(coef(lm(y ~ t * after, panel))["t:after"])), se = u(sqrt(sum(v))))

# Elasticity, clusters, ranks, forecasts, two samples.
price <- round(exp(runif(20, 1, 2)), 3); quantity <- round(exp(6 - 1.4 * log(price) + .2 * rnorm(20)), 2)
f <- lm(log(quantity) ~ log(price))
out$elasticity <- list(price = price, quantity = quantity, coef = as.numeric(coef(f)), se = u(sqrt(vcov(f)[2, 2])),
                       ci = as.numeric(confint(f)[2, ]), r2 = u(summary(f)$r.squared))
x <- round(rbind(matrix(rnorm(40), 20), matrix(rnorm(30, 2), 15), matrix(rnorm(14, -2), 7)), 4)
lab <- rep(1:3, c(20, 15, 7)); other <- sample(1:4, 42, TRUE)
out$cluster <- list(x = x, labels = lab, other = other, ch = u(calinhara(x, lab)), ari = u(adjustedRandIndex(lab, other)))
s <- round(rnorm(60), 1); y <- rbinom(60, 1, plogis(s))
roc <- roc(y, s, quiet = TRUE, direction = "<")
out$roc <- list(score = s, y = y, auc = u(as.numeric(auc(roc))), ks = u(max(roc$sensitivities + roc$specificities - 1)))
h <- round(100 + 10 * sin(2 * pi * (1:36) / 12) + rnorm(36), 3)
train <- ts(h[1:24], frequency = 12)
fc <- snaive(train, h = 12)
acc <- accuracy(fc, ts(h[25:36], start = c(3, 1), frequency = 12))
out$forecast <- list(history = h[1:24], actual = h[25:36], forecast = as.numeric(fc$mean), season = u(12),
                     mae = u(acc["Test set", "MAE"]), rmse = u(acc["Test set", "RMSE"]), mape = u(acc["Test set", "MAPE"] / 100), mase = u(acc["Test set", "MASE"]))
a <- round(rnorm(40), 3); b <- round(rnorm(55, .4), 3)
k <- ks.test(a, b, exact = FALSE)
out$ks <- list(a = a, b = b, d = u(unname(k$statistic)), p = u(k$p.value))

out$version <- u(R.version.string)
write(toJSON(out, digits = NA, auto_unbox = FALSE), "r.json")
