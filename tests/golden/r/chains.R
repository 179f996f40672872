# Where moves end: the chain solved, its errors by the delta method from the multinomial rows.
chain <- function(moves, exposure, start) {
  states <- rownames(moves)
  n <- rowSums(moves)
  P <- moves / n
  Q <- P[, states]
  N <- solve(diag(length(states)) - Q)
  ends <- setdiff(colnames(moves), states)
  B <- N %*% P[, ends, drop = FALSE]
  # How the chance to win changes with each chance of a move: dB = N dP (B, 1, 0).
  value <- c(setNames(B[, ends[1]], states), setNames(c(1, 0), ends))[colnames(moves)]
  time <- N %*% (exposure / n)
  of_time <- c(setNames(time, states), setNames(c(0, 0), ends))[colnames(moves)]
  covariance <- function(value) {
    Reduce(`+`, lapply(seq_along(states), function(i) {
      multinomial <- (diag(P[i, ]) - outer(P[i, ], P[i, ])) / n[i]
      slopes <- outer(N[, i], value)
      slopes %*% multinomial %*% t(slopes)
    }))
  }
  of_win <- covariance(value)
  of_times <- covariance(of_time) + N %*% diag((exposure / n)^2 / n) %*% t(N)
  begin <- start / sum(start)
  win <- sum(begin * B[, 1])
  variance <- drop(begin %*% of_win %*% begin) + (sum(begin * B[, 1]^2) - win^2) / sum(start)
  list(
    table = data.frame(
      state = states, Won = B[, 1], Lost = B[, 2], se = sqrt(diag(of_win)),
      expected_visits = drop(begin %*% N), expected_time = drop(time), expected_time_se = sqrt(diag(of_times))
    ),
    overall = data.frame(win = win, se = sqrt(variance))
  )
}
states <- c("New", "Offer", "Deal")
moves <- matrix(c(0, 60, 9, 3, 40, 12, 0, 45, 35, 30, 4, 15, 0, 40, 16), 3, byrow = TRUE,
  dimnames = list(states, c(states, "Won", "Lost")))
exposure <- c(1300, 2100, 415)
found <- chain(moves, exposure, c(90, 12, 4))
store("absorbing_chain", found$table, "solve(diag(3) - Q), multinomial covariances of the rows")
store("absorbing_chain_overall", found$overall, "the same, for items that begin in New, Offer and Deal as 90, 12 and 4")

# msm solves the same chain in continuous time: the moves over the time that was spent.
suppressPackageStartupMessages(library(msm))
Q <- rbind(moves / exposure, Won = 0, Lost = 0)
diag(Q) <- -rowSums(Q)
store("expected_time_of_msm", data.frame(state = states, expected_time = efpt.msm(qmatrix = Q, tostate = c(4, 5))[1:3]),
  "efpt.msm(qmatrix = Q, tostate = c(4, 5))", "msm")

# Over a log: the visits of its items, each with the next stage.
log <- read.csv("moves.csv")
log <- log[order(log$item), ]
last <- max(log$time)
log$to <- ifelse(c(log$item[-1] == log$item[-nrow(log)], FALSE), c(log$stage[-1], NA), NA)
log$exit <- ifelse(is.na(log$to), last, c(log$time[-1], NA))
visits <- log[log$stage %in% states, ]
visits$length <- visits$exit - visits$time
moves <- table(factor(visits$stage, states), factor(visits$to, c(states, "Won", "Lost")))
moves <- matrix(moves, 3, dimnames = list(states, c(states, "Won", "Lost")))
exposure <- tapply(visits$length, factor(visits$stage, states), sum)
first <- log[!duplicated(log$item), ]
start <- table(factor(first$stage, states))
found <- chain(moves, as.vector(exposure), as.vector(start))
store("absorption", found$table, "as absorbing_chain, of the visits of moves.csv")
store("absorption_overall", found$overall, "the same, wherever an item begins")

# What follows a visit of Offer, with the visits of one item together.
offers <- visits[visits$stage == "Offer", ]
offers$state <- factor(ifelse(is.na(offers$to), "open", offers$to), c("open", "Deal", "New", "Won", "Lost"))
offers$visit <- seq_len(nrow(offers))
# survfit leaves cluster= aside where there are several states: the influences of an item's visits are added here.
fit <- survfit(Surv(length, state) ~ 1, offers, id = visit, influence = TRUE)
follows <- c("Deal", "New", "Won", "Lost")
store("next_stages_robust", do.call(rbind, lapply(follows, function(cause) {
  at <- match(cause, fit$states)
  wanted <- c(0, 2, 5, 8, 11)
  row <- findInterval(wanted, fit$time)
  by_item <- rowsum(fit$influence.pstate[, row + 1, at], offers$item) # the first row is of the beginning
  data.frame(
    cause = cause, time = wanted, incidence = fit$pstate[row, at], se = sqrt(colSums(by_item^2)),
    open = fit$pstate[row, 1]
  )
})), "rowsum(survfit(Surv(length, state) ~ 1, id = visit, influence = TRUE)$influence.pstate, item) of the visits of Offer in moves.csv", "survival")

# The exits of each stage by Aalen and Johansen at the end of its longest visit, and the chain of these.
exits <- t(sapply(states, function(s) {
  of <- visits[visits$stage == s, ]
  of$state <- factor(ifelse(is.na(of$to), "open", of$to), c("open", setdiff(c(states, "Won", "Lost"), s)))
  of$visit <- seq_len(nrow(of))
  fit <- survfit(Surv(length, state) ~ 1, of, id = visit)
  found <- setNames(fit$pstate[nrow(fit$pstate), ], fit$states)
  unname(found[c(states, "Won", "Lost", "(s0)")])
}))
exits[is.na(exits)] <- 0
N <- solve(diag(3) - exits[, 1:3])
B <- N %*% exits[, 4:6]
begin <- as.vector(start) / sum(start)
store("absorption_by_curves", data.frame(
  state = states, win = B[, 1], lost = B[, 2], undetermined = B[, 3], expected_visits = drop(begin %*% N)
), "survfit(Surv(length, state) ~ 1) of the visits of each stage, then solve(diag(3) - Q)", "survival")

# Outcomes of items by age; reopened ones do not exist in this log.
ends <- log[!duplicated(log$item, fromLast = TRUE), ]
items <- data.frame(item = first$item, team = first$team, length = ends$time - first$time)
is_open <- ends$stage %in% states
items$length[is_open] <- (last - first$time)[is_open]
items$state <- factor(ifelse(is_open, "open", tolower(ends$stage)), c("open", "won", "lost"))
outcomes <- function(of, team) {
  fit <- survfit(Surv(length, state) ~ 1, of, id = item)
  found <- summary(fit, times = c(2, 5, 10, 15, 20, 25, 30), extend = TRUE)
  do.call(rbind, lapply(c("won", "lost"), function(cause) {
    at <- match(cause, found$states)
    data.frame(team = team, cause = cause, time = found$time, incidence = found$pstate[, at], se = found$std.err[, at], open = found$pstate[, 1])
  }))
}
store("outcomes", rbind(outcomes(items[items$team == "north", ], "north"), outcomes(items[items$team == "south", ], "south")),
  "survfit(Surv(length, state) ~ 1, id = item) of the items of each team in moves.csv", "survival")

# The win rate of closed items, adjusted for open ones: its error from the influence of each item.
fit <- survfit(Surv(length, state) ~ 1, items, id = item, influence = TRUE)
at <- length(fit$time)
won <- fit$pstate[at, 2]
lost <- fit$pstate[at, 3]
influence <- fit$influence.pstate[, at + 1, ] # the first row is of the beginning
of_rate <- (influence[, 2] * lost - influence[, 3] * won) / (won + lost)^2
store("adjusted_rate", data.frame(rate = won / (won + lost), se = sqrt(sum(of_rate^2)), won = won, lost = lost),
  "survfit(Surv(length, state) ~ 1, id = item, influence = TRUE)$influence.pstate", "survival")

# Observed from day 20 on and up to day 45: what began before enters late, and R has no entry at the exit.
begin_at <- 20
end_at <- 45
watched <- data.frame(item = first$item, created = first$time, over = ends$time, state = items$state)
watched$over[is_open] <- last
watched <- watched[watched$created < end_at & !(watched$state != "open" & watched$over < begin_at), ]
watched$state[watched$over >= end_at] <- "open"
watched$length <- pmin(watched$over, end_at) - watched$created
watched$from <- ifelse(watched$created < begin_at, begin_at - watched$created, 0) - 0.5
fit <- survfit(Surv(from, length, state) ~ 1, watched, id = item)
found <- summary(fit, times = c(2, 5, 10, 15, 20, 25), extend = TRUE)
store("outcomes_observed", do.call(rbind, lapply(c("won", "lost"), function(cause) {
  at <- match(cause, found$states)
  data.frame(cause = cause, time = found$time, incidence = found$pstate[, at], open = found$pstate[, 1])
})), "survfit(Surv(from, length, state) ~ 1, id = item) of the items of moves.csv seen from 20 up to 45", "survival")

# How long visits last, with those that are still going on.
lasting <- function(s) {
  of <- visits[visits$stage == s, ]
  fit <- survfit(Surv(length, !is.na(to)) ~ 1, of, conf.type = "log-log")
  found <- quantile(fit, c(0.25, 0.5, 0.75))
  mean <- summary(fit, rmean = 10)$table
  data.frame(
    stage = s, q25 = found$quantile[1], median = found$quantile[2], q75 = found$quantile[3],
    median_low = found$lower[2], median_high = found$upper[2], restricted_mean = mean["rmean"],
    restricted_mean_se = mean["se(rmean)"]
  )
}
store("stays", do.call(rbind, lapply(states, lasting)),
  "quantile(survfit(Surv(length, ended) ~ 1, conf.type = \"log-log\")) and summary(rmean = 10) of the visits of each stage", "survival")
