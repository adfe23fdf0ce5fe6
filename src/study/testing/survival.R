# Reads columns set, left, right (-1: open), time, ended, group (CSV) from standard input; prints what `survival` makes of each set, a line of JSON each.
suppressMessages(library(survival))
all <- read.csv(file('stdin'))
num <- function(x) paste0('[', paste(ifelse(is.finite(x), formatC(x, digits = 17, format = 'g'), 'null'), collapse = ','), ']')
for (set in unique(all$set)) {
  d <- all[all$set == set, ]
  d$right[d$right < 0] <- Inf
  f <- survfit(Surv(time, ended) ~ 1, data = d, conf.type = 'log-log')
  q <- quantile(f, c(.25, .5, .75))
  s <- survdiff(Surv(time, ended) ~ group, data = d)
  # Its own loop ends late or never on some data: then there is nothing to compare with.
  likelihood <- tryCatch({
    setTimeLimit(elapsed = 10, transient = TRUE)
    t <- survfit(Surv(left, right, type = 'interval2') ~ 1, data = transform(d, right = ifelse(is.finite(right), right, NA)))
    mass <- -diff(c(1, t$surv))
    sum(sapply(seq_len(nrow(d)), function(i) {
      p <- sum(mass[t$time > d$left[i] & t$time <= d$right[i]])
      log(if (is.finite(d$right[i])) p else p + 1 - sum(mass))
    }))
  }, error = function(e) NA)
  setTimeLimit(elapsed = Inf)
  cat('{"time":', num(f$time), ',"survival":', num(f$surv), ',"error":', num(f$surv * f$std.err), ',"low":', num(f$lower), ',"high":', num(f$upper),
    ',"quantiles":', num(q$quantile), ',"quantilesLow":', num(q$lower), ',"quantilesHigh":', num(q$upper),
    ',"chiSquare":', num(s$chisq), ',"p":', num(pchisq(s$chisq, length(s$n) - 1, lower.tail = FALSE)), ',"expected":', num(s$exp),
    ',"turnbull":', num(likelihood), '}\n')
}
