# Reads columns left, right, time, ended, group (CSV) from standard input; prints what `survival` makes of them, as JSON.
suppressMessages(library(survival))
d <- read.csv(file('stdin'))
d$right[d$right < 0] <- Inf
num <- function(x) paste0('[', paste(ifelse(is.finite(x), formatC(x, digits = 17, format = 'g'), 'null'), collapse = ','), ']')
f <- survfit(Surv(time, ended) ~ 1, data = d, conf.type = 'log-log')
q <- quantile(f, c(.25, .5, .75))
s <- survdiff(Surv(time, ended) ~ group, data = d)
t <- survfit(Surv(left, right, type = 'interval2') ~ 1, data = transform(d, right = ifelse(is.finite(right), right, NA)))
mass <- -diff(c(1, t$surv))
at <- t$time
likelihood <- 0
for (i in seq_len(nrow(d))) {
  p <- sum(mass[at > d$left[i] & at <= d$right[i]])
  if (!is.finite(d$right[i])) p <- p + 1 - sum(mass)
  likelihood <- likelihood + log(p)
}
cat('{"time":', num(f$time), ',"survival":', num(f$surv), ',"error":', num(f$surv * f$std.err), ',"low":', num(f$lower), ',"high":', num(f$upper),
  ',"quantiles":', num(q$quantile), ',"quantilesLow":', num(q$lower), ',"quantilesHigh":', num(q$upper),
  ',"chiSquare":', num(s$chisq), ',"p":', num(pchisq(s$chisq, length(s$n) - 1, lower.tail = FALSE)), ',"expected":', num(s$exp),
  ',"turnbull":', num(likelihood), '}')
