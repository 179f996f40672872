# Which step made a difference, whether the mix did, and whether groups differ at all.
orders <- function(n) {
  if (n == 1) return(list(1L))
  do.call(c, lapply(orders(n - 1), function(o) lapply(0:(n - 1), function(at) append(o, n, at))))
}
effects <- function(a, b) {
  all <- orders(length(a))
  gain <- function(order) {
    now <- b
    found <- numeric(length(a))
    for (k in order) {
      before <- prod(now)
      now[k] <- a[k]
      found[k] <- prod(now) - before
    }
    found
  }
  Reduce(`+`, lapply(all, gain)) / length(all)
}
a <- c(400, 210, 150, 60, 51)
b <- c(500, 330, 140, 90, 40)
share <- function(counts) counts[-1] / counts[-length(counts)]
# The slopes are those of differences: a product of conversions is linear in each.
slope <- function(side, k, by = 1e-3) {
  moved <- function(d) {
    x <- share(a)
    y <- share(b)
    if (side == "a") x[k] <- x[k] + d else y[k] <- y[k] + d
    effects(x, y)
  }
  (moved(by) - moved(-by)) / (2 * by)
}
spread <- function(counts) share(counts) * (1 - share(counts)) / counts[-length(counts)]
steps <- seq_along(share(a))
variance <- Reduce(`+`, lapply(steps, function(k) slope("a", k)^2 * spread(a)[k] + slope("b", k)^2 * spread(b)[k]))
found <- effects(share(a), share(b))
store("shapley", data.frame(step = steps, effect = found, se = sqrt(variance), share = found / sum(found)),
  "the mean gain over all orders of the steps, a = c(400, 210, 150, 60, 51), b = c(500, 330, 140, 90, 40)")

w_a <- c(web = 80, fair = 20, call = 40, mail = 0)
k_a <- c(30, 12, 5, 0)
w_b <- c(web = 20, fair = 80, call = 30, mail = 10)
k_b <- c(4, 48, 6, 3)
part <- function(counts) counts / sum(counts)
rate_a <- ifelse(w_a > 0, k_a / w_a, NA)
rate_b <- ifelse(w_b > 0, k_b / w_b, NA)
middle <- (sum(k_a) / sum(w_a) + sum(k_b) / sum(w_b)) / 2
one <- function(rate, other) ifelse(is.na(rate), other, rate)
store("mix_rate", data.frame(
  group = names(w_a), share_a = part(w_a), share_b = part(w_b), rate_a = rate_a, rate_b = rate_b,
  mix = (part(w_a) - part(w_b)) * ((one(rate_a, rate_b) + one(rate_b, rate_a)) / 2 - middle),
  rate = (one(rate_a, rate_b) - one(rate_b, rate_a)) * (part(w_a) + part(w_b)) / 2
), "Kitagawa's parts of a = 30/80, 12/20, 5/40, 0/0 and b = 4/20, 48/80, 6/30, 3/10")

# Furthest stages of three groups: G2 of the table, and of each step as the likelihood ratio of a logistic model.
furthest <- rbind(a = c(30, 25, 20, 25), b = c(40, 20, 20, 12), c = c(15, 22, 9, 31))
table <- loglin(furthest, list(1, 2), print = FALSE)
got <- function(k) rowSums(furthest[, k:4, drop = FALSE])
step <- function(k) anova(glm(cbind(got(k), got(k - 1) - got(k)) ~ rownames(furthest), family = binomial(), control = glm.control(epsilon = 1e-12, maxit = 100)))$Deviance[2]
store("global_test", data.frame(
  statistic = c(table$lrt, step(2), step(3), step(4)), df = c(table$df, 2, 2, 2),
  p_value = pchisq(c(table$lrt, step(2), step(3), step(4)), c(table$df, 2, 2, 2), lower.tail = FALSE)
), "loglin(furthest, list(1, 2))$lrt, then anova(glm(cbind(got(k), got(k - 1) - got(k)) ~ group, binomial)) of each step")
suppressPackageStartupMessages(library(nnet))
long <- data.frame(stage = factor(rep(1:4, each = 3)), group = rep(rownames(furthest), 4), n = as.vector(furthest))
fit <- function(formula) multinom(formula, long, weights = n, trace = FALSE, abstol = 1e-14, reltol = 1e-14)$deviance
store("global_test_of_nnet", data.frame(statistic = fit(stage ~ 1) - fit(stage ~ group)),
  "multinom(stage ~ 1)$deviance - multinom(stage ~ group)$deviance", "nnet")
