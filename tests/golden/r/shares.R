# Bounds of shares, comparisons of two, many p-values, and shares of a value.
counts <- data.frame(count = c(0, 1, 3, 8, 10, 38, 80, 99, 417), nobs = c(10, 7, 40, 10, 10, 100, 100, 100, 5021))
jeffreys <- function(k, n, p) if (k == 0 && p < 0.5) 0 else if (k == n && p > 0.5) 1 else qbeta(p, k + 0.5, n - k + 0.5)
bounds <- do.call(rbind, lapply(c(0.8, 0.95, 0.99), function(confidence) {
  do.call(rbind, Map(function(k, n) {
    wilson <- suppressWarnings(prop.test(k, n, conf.level = confidence, correct = FALSE))$conf.int
    exact <- binom.test(k, n, conf.level = confidence)$conf.int
    tails <- c((1 - confidence) / 2, (1 + confidence) / 2)
    data.frame(
      count = k, nobs = n, confidence = confidence, wilson_low = wilson[1], wilson_high = wilson[2],
      exact_low = exact[1], exact_high = exact[2], jeffreys_low = jeffreys(k, n, tails[1]),
      jeffreys_high = jeffreys(k, n, tails[2])
    )
  }, counts$count, counts$nobs))
}))
store("proportions", bounds, "prop.test(correct = FALSE)$conf.int; binom.test()$conf.int; qbeta(p, k + 0.5, n - k + 0.5)")

pairs <- data.frame(
  count_a = c(58, 3, 12, 0, 10, 7, 250), nobs_a = c(100, 9, 40, 10, 10, 8, 1000),
  count_b = c(41, 8, 12, 5, 9, 0, 301), nobs_b = c(100, 30, 40, 12, 11, 6, 1100)
)
store("comparisons", do.call(rbind, lapply(seq_len(nrow(pairs)), function(i) {
  pair <- pairs[i, ]
  k <- c(pair$count_a, pair$count_b)
  n <- c(pair$nobs_a, pair$nobs_b)
  share <- k / n
  a <- suppressWarnings(prop.test(k[1], n[1], correct = FALSE))$conf.int
  b <- suppressWarnings(prop.test(k[2], n[2], correct = FALSE))$conf.int
  d <- share[1] - share[2]
  ratio <- share[1] / share[2]
  width <- qnorm(0.975) * sqrt(1 / k[1] - 1 / n[1] + 1 / k[2] - 1 / n[2])
  known <- all(k > 0)
  cbind(pair, data.frame(
    difference = d, low = d - sqrt((share[1] - a[1])^2 + (b[2] - share[2])^2),
    high = d + sqrt((a[2] - share[1])^2 + (share[2] - b[1])^2),
    p_score = suppressWarnings(prop.test(k, n, correct = FALSE))$p.value,
    p_fisher = fisher.test(rbind(k, n - k))$p.value, ratio = if (k[2] > 0) ratio else NA,
    ratio_low = if (known) ratio * exp(-width) else NA, ratio_high = if (known) ratio * exp(width) else NA
  ))
})), "prop.test(correct = FALSE)$p.value; fisher.test(); Newcombe's bounds of prop.test()$conf.int, Katz's by their formulas")

p <- c(0.01, 0.04, 0.03, 0.005, 0.03, 0.2, 0.9, 1e-9, NA, 0.0499)
store("adjusted", data.frame(p_value = p, holm = p.adjust(p, "holm"), bh = p.adjust(p, "BH"), bonferroni = p.adjust(p, "bonferroni")),
  "p.adjust(p, method)")

# The share of a value is a ratio of two means, whose error is that of the linearised values.
amount <- c(120, 80, 4000, 310, 95, 700, 60, 1500, 220, 45, 990, 130)
success <- c(1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1)
share <- weighted.mean(success, amount)
linear <- amount * (success - share) / mean(amount)
error <- sqrt(var(linear) / length(linear))
n_eff <- min(sum(amount)^2 / sum(amount^2), share * (1 - share) / error^2)
wilson <- suppressWarnings(prop.test(share * n_eff, n_eff, correct = FALSE))$conf.int
store("value_share", data.frame(estimate = share, se = error, n_eff = n_eff, low = wilson[1], high = wilson[2], top_share = max(amount) / sum(amount)),
  "weighted.mean(success, amount); sqrt(var(linear) / n); prop.test(share * n_eff, n_eff, correct = FALSE)$conf.int")
store("value_share_input", data.frame(amount = amount, success = success), "the input of value_share")
