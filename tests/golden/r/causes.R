# Several causes: the curves of Aalen and Johansen.
# survfit's errors are those of the infinitesimal jackknife: without delayed entry they equal Greenwood's.
causes <- c("lost", "moved", "won")
spells$state <- factor(ifelse(spells$cause == "", "open", spells$cause), c("open", causes))
spells$id <- seq_len(nrow(spells))
wanted <- c(0, 1, 3, 5, 8, 12, 15, 20)

states <- function(fit, times, group = "") {
  found <- summary(fit, times = times, extend = TRUE)
  do.call(rbind, lapply(causes, function(cause) {
    at <- match(cause, found$states)
    data.frame(
      group = group, cause = cause, time = found$time,
      incidence = found$pstate[, at], se = found$std.err[, at], open = found$pstate[, 1]
    )
  }))
}
store("incidence",
  states(survfit(Surv(time, state) ~ 1, spells, id = id), wanted),
  "survfit(Surv(time, state) ~ 1, id = id)", "survival")
store("incidence_of_groups",
  do.call(rbind, lapply(c("a", "b", "c"), function(g) {
    states(survfit(Surv(time, state) ~ 1, spells[spells$group == g, ], id = id), wanted, g)
  })),
  "survfit(Surv(time, state) ~ 1, id = id) for each group", "survival")
store("incidence_delayed_robust",
  states(survfit(Surv(from, time, state) ~ 1, spells, id = id), wanted),
  "survfit(Surv(from, time, state) ~ 1, id = id)", "survival")

# etm has Greenwood's errors with delayed entry. Its clock has to begin after 0, and all times are one later.
suppressPackageStartupMessages(library(etm))
moves <- data.frame(
  id = spells$id, from = "open", to = ifelse(spells$cause == "", "cens", spells$cause),
  entry = spells$from + 2, exit = spells$time + 2
)
may_go <- matrix(FALSE, 4, 4, dimnames = list(c("open", causes), c("open", causes)))
may_go["open", causes] <- TRUE
found <- etm(moves, c("open", causes), may_go, "cens", s = 0)
# The steps at which nothing is open any more have no row of their own.
answer <- do.call(rbind, lapply(causes, function(cause) {
  at <- found$time
  data.frame(
    cause = cause, time = at - 2, incidence = found$est["open", cause, ],
    se = sqrt(found$cov[paste("open", cause), paste("open", cause), ]),
    open = found$est["open", "open", ]
  )
}))
store("incidence_delayed", answer, "etm(moves, c(\"open\", causes), may_go, \"cens\", s = 0)", "etm")

# cmprsk agrees on the estimate; its variance is another one, which differs in the third digit.
suppressPackageStartupMessages(library(cmprsk))
found <- timepoints(cuminc(spells$time, ifelse(spells$cause == "", "open", spells$cause), cencode = "open"), wanted)
store("incidence_of_cmprsk", do.call(rbind, lapply(causes, function(cause) {
  at <- match(paste("1", cause), rownames(found$est))
  data.frame(cause = cause, time = as.numeric(colnames(found$est)), incidence = found$est[at, ], se = sqrt(found$var[at, ]))
})), "timepoints(cuminc(time, cause, cencode = \"open\"), times)", "cmprsk")

suppressPackageStartupMessages(library(prodlim))
fit <- prodlim(Hist(time, cause, cens.code = "open") ~ 1,
  data = transform(spells, cause = ifelse(cause == "", "open", cause)))
store("incidence_of_prodlim", do.call(rbind, lapply(causes, function(cause) {
  at <- wanted[wanted > 0]
  data.frame(cause = cause, time = at, incidence = predict(fit, times = at, cause = cause))
})), "predict(prodlim(Hist(time, cause, cens.code = \"open\") ~ 1), times, cause)", "prodlim")
