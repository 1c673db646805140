# chart.awk: draws a picture (SVG) of lines with a tab between two fields.
#
#   bars   LABEL VALUE [VALUE]    bars on a logarithmic scale; the second value in a lighter colour behind the first
#   lines  LABEL X Y              a line for each label; "scale": "y" or "xy" is logarithmic
BEGIN { FS = "\t"; split("#0b6e4f #c1440e #2e5aac #8a5a00 #7b2d8b #00838f #b3261e #5f6368 #3f7d20 #a0522d", colours, " ") }
function safe(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); return text }
function text(x, y, anchor, what, colour) {
    printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", x, y, anchor, colour ? colour : "#222", safe(what)
}
function rule(x1, y1, x2, y2) { printf "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#ddd\"/>\n", x1, y1, x2, y2 }
function start(width, height) {
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" " \
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", width, height, width, height
    printf "<text x=\"10\" y=\"20\" font-size=\"14\" fill=\"#222\">%s</text>\n", safe(title)
}
function number(v) { return v >= 999500 ? sprintf("%.3gM", v / 1e6) : v >= 9999 ? sprintf("%.3gk", v / 1e3) : sprintf("%.0f", v) }
function log10(v) { return log(v > 0 ? v : 1) / log(10) }
function floor(v) { return v < 0 && v != int(v) ? int(v) - 1 : int(v) }
{ n++; label[n] = $1; a[n] = $2 + 0; b[n] = $3 + 0; two = two || NF > 2 }

function bars(    i, low, high, top, x, v) {
    low = 1e30
    for (i = 1; i <= n; i++) {
        if (a[i] > 0 && a[i] < low) low = a[i]
        if (a[i] > high) high = a[i]
        if (b[i] > high) high = b[i]
    }
    low = floor(log10(low)); high = log10(high)
    if (high <= low) high = low + 1
    start(760, 50 + n * 22)
    for (v = low; v <= high; v++) {
        x = 230 + (v - low) / (high - low) * 440
        rule(x, 30, x, 36 + n * 22)
        text(x, 46 + n * 22, "middle", number(10 ^ v))
    }
    for (i = 1; i <= n; i++) {
        top = 34 + (i - 1) * 22
        text(222, top + 13, "end", label[i])
        if (two && b[i] > 0)
            printf "<rect x=\"230\" y=\"%d\" width=\"%.1f\" height=\"16\" fill=\"#9cc5b5\"/>\n", top, (log10(b[i]) - low) / (high - low) * 440
        if (a[i] > 0)
            printf "<rect x=\"230\" y=\"%d\" width=\"%.1f\" height=\"16\" fill=\"%s\"/>\n", top, (log10(a[i]) - low) / (high - low) * 440,
                label[i] ~ /^(minictr|stages)/ ? "#0b6e4f" : "#5f6368"
        v = two && b[i] > a[i] ? b[i] : a[i]
        if (v > 0) text(234 + (log10(v) - low) / (high - low) * 440, top + 13, "start", number(v))
        else text(234, top + 13, "start", "0")
    }
}
# Where V lies between LOW and HIGH, from 0 to 1.
function scaled(v, low, high, is_log) {
    return is_log ? (log10(v) - log10(low)) / (log10(high) - log10(low)) : (v - low) / (high - low)
}
# The values at a scale: powers of ten, or quarters.
function ticks(low, high, is_log, list,    i, n) {
    if (is_log)
        for (i = 10 ^ floor(log10(low) + 1e-9); i <= high * 1.001; i *= 10) {
            if (i >= low * .999) list[++n] = i
        }
    else
        for (i = 0; i <= 4; i++) list[++n] = low + (high - low) * i / 4
    return n
}
function lines(    i, k, used, names, count, xl, xh, yl, yh, px, py, path, list, x_log) {
    x_log = scale == "xy"
    xl = yl = 1e30
    for (i = 1; i <= n; i++) {
        if (!(label[i] in used)) { used[label[i]] = ++count; names[count] = label[i] }
        if (a[i] < xl) xl = a[i]
        if (a[i] > xh) xh = a[i]
        if (b[i] < yl) yl = b[i]
        if (b[i] > yh) yh = b[i]
    }
    if (scale) { yl = 10 ^ floor(log10(yl)); yh = 10 ^ (floor(log10(yh)) + 1) } else yl = 0
    if (!x_log) xl = 0
    if (xh <= xl) xh = xl + 1
    if (yh <= yl) yh = yl + 1
    start(760, 380)
    k = ticks(yl, yh, scale != "", list)
    for (i = 1; i <= k; i++) {
        py = 330 - scaled(list[i], yl, yh, scale != "") * 280
        rule(60, py, 540, py)
        text(54, py + 4, "end", number(list[i]))
    }
    k = ticks(xl, xh, x_log, list)
    for (i = 1; i <= k; i++) text(60 + scaled(list[i], xl, xh, x_log) * 480, 348, "middle", number(list[i]))
    text(300, 370, "middle", across)
    for (k = 1; k <= count; k++) {
        path = ""
        for (i = 1; i <= n; i++)
            if (label[i] == names[k]) {
                px = 60 + scaled(a[i], xl, xh, x_log) * 480
                py = 330 - scaled(b[i], yl, yh, scale != "") * 280
                path = path sprintf("%s%.1f %.1f", path == "" ? "M" : "L", px, py)
            }
        line(path, k)
        line(sprintf("M552 %dL572 %d", 44 + k * 20, 44 + k * 20), k)
        text(578, 48 + k * 20, "start", names[k])
    }
}
function line(path, k) {
    printf "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", path, colours[(k - 1) % 10 + 1],
        (k > 10 ? " stroke-dasharray=\"5 3\"" : "")
}
END {
    if (kind == "bars") bars()
    else lines()
    print "</svg>"
}
