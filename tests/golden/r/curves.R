# Kaplan and Meier's curve, its quantiles and means, and the log-rank test.
spells <- read.csv("spells.csv", colClasses = c(cause = "character"))
spells$ended <- spells$cause != ""
# R takes spells that begin where they end for a mistake: what is watched from its beginning begins before 0.
spells$from <- ifelse(is.na(spells$entry), -1, spells$entry)

curve <- function(fit, of = spells) {
  found <- summary(fit, times = sort(unique(of$time[of$ended])), extend = TRUE)
  data.frame(
    group = "", time = found$time,
    at_risk = found$n.risk, events = found$n.event, survival = found$surv, se = found$std.err,
    low = found$lower, high = found$upper
  )
}

store("kaplan_meier", curve(survfit(Surv(time, ended) ~ 1, spells, conf.type = "log-log")),
  "survfit(Surv(time, ended) ~ 1, conf.type = \"log-log\")", "survival")
store("kaplan_meier_of_groups",
  do.call(rbind, lapply(c("a", "b", "c"), function(g) {
    of <- spells[spells$group == g, ]
    transform(curve(survfit(Surv(time, ended) ~ 1, of, conf.type = "log-log"), of), group = g)
  })),
  "survfit(Surv(time, ended) ~ 1, subset = group == g, conf.type = \"log-log\") for each group", "survival")
store("kaplan_meier_delayed",
  curve(survfit(Surv(from, time, ended) ~ 1, spells, conf.type = "log-log", conf.int = 0.9)),
  "survfit(Surv(from, time, ended) ~ 1, conf.type = \"log-log\", conf.int = 0.9)", "survival")

shares <- c(0.1, 0.25, 0.5, 0.75, 0.9)
quantiles <- function(fit) {
  found <- quantile(fit, shares)
  of_group <- function(g, at) data.frame(
    group = g, quantile = shares, value = unname(at(found$quantile)), low = unname(at(found$lower)),
    high = unname(at(found$upper))
  )
  if (!is.matrix(found$quantile)) return(of_group("", identity))
  groups <- sub("group=", "", rownames(found$quantile))
  do.call(rbind, lapply(seq_along(groups), function(i) of_group(groups[i], function(m) m[i, ])))
}
store("survival_quantiles", quantiles(survfit(Surv(time, ended) ~ group, spells, conf.type = "log-log")),
  "quantile(survfit(Surv(time, ended) ~ group, conf.type = \"log-log\"), c(0.1, 0.25, 0.5, 0.75, 0.9))",
  "survival")
store("survival_quantiles_delayed",
  quantiles(survfit(Surv(from, time, ended) ~ 1, spells, conf.type = "log-log")),
  "quantile(survfit(Surv(from, time, ended) ~ 1, conf.type = \"log-log\"), …)", "survival")
# Where a curve is flat at exactly the share that is wanted.
flat <- data.frame(time = c(2, 4, 6, 8, 10, 12, 14, 16), ended = c(1, 1, 1, 1, 1, 1, 0, 1))
store("survival_quantiles_of_a_flat_curve",
  quantiles(survfit(Surv(time, ended) ~ 1, flat, conf.type = "log-log")),
  "quantile(survfit(Surv(c(2, 4, …, 16), c(1, 1, 1, 1, 1, 1, 0, 1)) ~ 1, conf.type = \"log-log\"), …)",
  "survival")

means <- function(fit, tau) {
  found <- summary(fit, rmean = tau)$table
  if (!is.matrix(found)) found <- t(as.matrix(found))
  groups <- if (is.null(rownames(found))) "" else sub("group=", "", rownames(found))
  data.frame(group = groups, tau = tau, mean = found[, "rmean"], se = found[, "se(rmean)"])
}
fit <- survfit(Surv(time, ended) ~ group, spells)
store("restricted_mean", rbind(means(fit, 5), means(fit, 12), means(fit, 15)),
  "summary(survfit(Surv(time, ended) ~ group), rmean = tau)$table", "survival")
store("restricted_mean_delayed", means(survfit(Surv(from, time, ended) ~ 1, spells), 13),
  "summary(survfit(Surv(from, time, ended) ~ 1), rmean = 13)$table", "survival")

test <- function(name, found) data.frame(
  groups = name, statistic = found$chisq, df = length(found$n) - 1,
  p_value = pchisq(found$chisq, length(found$n) - 1, lower.tail = FALSE)
)
store("logrank", rbind(
  test("abc", survdiff(Surv(time, ended) ~ group, spells)),
  test("ab", survdiff(Surv(time, ended) ~ group, spells, subset = group != "c")),
  test("won", survdiff(Surv(time, cause == "won") ~ group, spells))
), "survdiff(Surv(time, ended) ~ group); groups a and b alone; Surv(time, cause == \"won\")", "survival")
