# stats.awk: medians of what rounds, rate and crowd write; each of these is a command to give as "what":
#
#   table       a row for each subject: first instruction, end, and the ratio to the end of the first subject
#   rates       a row for each subject: starts per second
#   crowd       a row for each subject: the first starts, those in the middle, the last, the ratio, the end of all
#   median      of LABEL: its end
#   ratio       of LABEL to OTHER, the end of both; LABEL and OTHER are sums of labels, with "+" and "~" (minus) between
#   chart       label and median of the first instruction and the end, to draw
#
# A ratio is the median of the ratios within a round. COLUMN: 3, the first instruction, or 4, the end.
BEGIN { FS = "\t"; if (!column) column = 4 }
!($2 in seen) { seen[$2] = ++subjects; labels[subjects] = $2 }
{ first[$2, $1] = $3; value[$2, $1] = $column; if ($1 + 0 > rounds) rounds = $1 + 0 }

function sort(list, n,    i, j, v) {
    for (i = 2; i <= n; i++) {
        v = list[i]
        for (j = i - 1; j > 0 && list[j] > v; j--) list[j + 1] = list[j]
        list[j + 1] = v
    }
}
function quantile(list, n, part) { return list[int(part * (n - 1) + 1.5)] }
function of(label, round,    parts, signs, n, i, sum, rest) {
    rest = label
    while (match(rest, /[+~]/)) {
        parts[++n] = substr(rest, 1, RSTART - 1)
        signs[n + 1] = substr(rest, RSTART, 1) == "~" ? -1 : 1
        rest = substr(rest, RSTART + 1)
    }
    parts[++n] = rest
    for (i = 1; i <= n; i++)
        sum += (signs[i] ? signs[i] : 1) * value[parts[i], round]
    return sum
}
function known(label,    parts, n, i) {
    n = split(label, parts, /[+~]/)
    for (i = 1; i <= n; i++) if (!(parts[i] in seen)) return 0
    return 1
}
function collect(label, list,    i) {
    for (i = 1; i <= rounds; i++) list[i] = value[label, i] + 0
    sort(list, rounds)
}
function ratio(a, b,    i, list) {
    for (i = 1; i <= rounds; i++) list[i] = of(a, i) / of(b, i)
    sort(list, rounds)
    return quantile(list, rounds, .5)
}
function first_median(label,    i, list) {
    for (i = 1; i <= rounds; i++) list[i] = first[label, i] + 0
    sort(list, rounds)
    return quantile(list, rounds, .5)
}
function shown(v) { return v < 0 ? "-" : sprintf("%.0f", v) }
function part(label, from, to,    i, n, list) {
    for (i = from; i <= to; i++) list[++n] = first[label, i] + 0
    sort(list, n)
    return quantile(list, n, .5)
}
function rows(    i, list, m) {
    for (i = 1; i <= subjects; i++) {
        collect(labels[i], list)
        m = quantile(list, rounds, .5)
        if (what == "rates")
            printf "%s\t%.0f\t%.0f to %.0f\n", labels[i], m, list[1], list[rounds]
        else if (what == "chart")
            printf "%s\t%.0f\t%.0f\n", labels[i], first_median(labels[i]), m
        else
            printf "%s\t%s\t%.0f\t%.0f to %.0f\t%.2f\n", labels[i], shown(first_median(labels[i])), m,
                quantile(list, rounds, .25), quantile(list, rounds, .75), i == 1 ? 1 : ratio(labels[i], labels[1])
    }
}
function crowds(    i, k, a, z, l) {
    k = int(rounds / 20) > 0 ? int(rounds / 20) : 1
    for (i = 1; i <= subjects; i++) {
        l = labels[i]
        a = part(l, 1, k)
        z = part(l, rounds - k + 1, rounds)
        printf "%s\t%.0f\t%.0f\t%.0f\t%.2f\t%.2f\n", l, a, part(l, int((rounds - k) / 2) + 1, int((rounds - k) / 2) + k), z,
            z / a, first[l, "end"] / 1e6
    }
}
END {
    if (what == "crowd") crowds()
    else if (what == "median") {
        if (!(label in seen)) exit
        collect(label, all)
        printf "%.1f\n", quantile(all, rounds, .5)
    } else if (what == "ratio") {
        if (known(label) && known(other)) printf "%.2f\n", ratio(label, other)
    } else rows()
}
