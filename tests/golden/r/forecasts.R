# The number of wins among items with chances of their own, and whether moves are those of a chain.
suppressPackageStartupMessages(library(PoissonBinomial))
p <- c(0.02, 0.5, 0.5, 0.93, 0.31, 1, 0, 0.77, 0.005, 0.64)
store("poisson_binomial", data.frame(wins = 0:10, probability = dpbinom(NULL, p), cumulative = ppbinom(NULL, p)),
  "dpbinom(NULL, p), ppbinom(NULL, p)", "PoissonBinomial")

# The stage before by the stage after, for each stage: log-linear models of both, and Pearson's statistic.
log$before <- ifelse(duplicated(log$item), c(NA, log$stage[-nrow(log)]), "-")
moves <- log[log$stage %in% states & !is.na(log$to), ]
compare <- function(of, rows) {
  table <- unclass(table(of[[rows]], of$to))
  if (min(dim(table)) < 2) return(c(n = sum(table), statistic = NA, pearson = NA, df = 0, few = NA))
  expected <- outer(rowSums(table), colSums(table)) / sum(table)
  c(
    n = sum(table), statistic = loglin(table, list(1, 2), print = FALSE)$lrt,
    pearson = unname(suppressWarnings(chisq.test(table, correct = FALSE))$statistic),
    df = prod(dim(table) - 1), few = mean(expected < 5)
  )
}
tests <- do.call(rbind, lapply(c(order = "before", homogeneity = "team"), function(rows) {
  found <- as.data.frame(t(sapply(states, function(s) compare(moves[moves$stage == s, ], rows))))
  together <- data.frame(
    n = sum(found$n), statistic = sum(found$statistic, na.rm = TRUE), pearson = sum(found$pearson, na.rm = TRUE),
    df = sum(found$df), few = NA
  )
  found <- rbind(found, together)
  data.frame(test = rows, stage = c(states, "all"), found, p_value = pchisq(found$statistic, found$df, lower.tail = FALSE))
}))
store("markov_check", tests, "loglin(table, list(1, 2))$lrt and chisq.test(table, correct = FALSE) of the moves of moves.csv")
