# Makes the answers of R that tests compare with: Rscript tests/golden/r/make.R
#
# Each file of answers/ begins with the call and the versions. 17 digits give back every number exactly.
options(digits = 17, stringsAsFactors = FALSE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
if (length(here)) setwd(here)
suppressPackageStartupMessages(library(survival))

number <- function(column) {
  if (!is.numeric(column)) return(as.character(column))
  text <- formatC(column, digits = 17, format = "g", width = 1)
  ifelse(is.na(column), "", text)
}

# Writes one table of answers with the call that made it.
store <- function(name, answer, call, packages = character()) {
  versions <- vapply(packages, function(p) paste(p, packageVersion(p)), "")
  head <- c(paste("#", call), paste("#", paste(c(paste("R", getRversion()), versions), collapse = ", ")))
  path <- file.path("answers", paste0(name, ".csv"))
  writeLines(head, path)
  text <- as.data.frame(lapply(answer, number), check.names = FALSE)
  suppressWarnings(write.table(text, path, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}

for (part in c("curves.R", "causes.R", "shares.R", "steps.R", "chains.R", "forecasts.R")) source(part)
