"""The one table: medians of all rows, with Corral's ratios to nginx and to llama-swap."""

COLUMNS = ("direct", "relay", "nginx", "haproxy", "router", "corral", "llama-swap")
RIVALS = ("nginx", "llama-swap")


def number(value, digits):
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) != 0 else text.lstrip("-")


def cell(row, subject):
    if subject in row.failures:
        return "failed"
    value = row.median(subject)
    if value is not None:
        return number(value, row.digits)
    base = row.base_median(subject)
    # What the differences in a row are differences to stands in brackets.
    return f"({number(base, row.digits)})" if base is not None else "–"


def ratio(row, rival):
    ours, theirs = row.median("corral"), row.median(rival)
    if ours is None or theirs is None or ours < 0 or round(theirs, row.digits) <= 0:
        return "–"  # nothing that could be divided by
    return f"{ours / theirs:.2f}"


def grid(rows, columns):
    head = ["measure", "unit", *columns, *(f"÷ {rival}" for rival in RIVALS if rival in columns)]
    lines = [head]
    for row in rows:
        title = row.title + (" (more is better)" if row.more_is_better else "")
        lines.append([title, row.unit, *(cell(row, name) for name in columns),
                      *(ratio(row, rival) for rival in RIVALS if rival in columns)])
    return lines


def columns_of(rows):
    """Those that have something to show."""
    return [name for name in COLUMNS
            if any(cell(row, name) != "–" for row in rows)]


def markdown(rows):
    """A table for people who read the source of a page as well as the page."""
    lines = grid(rows, columns_of(rows))
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]

    def written(line):
        cells = [text.ljust(width) if at < 2 else text.rjust(width)
                 for at, (text, width) in enumerate(zip(line, widths))]
        return "| " + " | ".join(cells) + " |"

    rule = ["-" * width if at < 2 else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
    return "\n".join([written(lines[0]), written(rule), *map(written, lines[1:])])


def failures(rows):
    """One sentence for every cell that says "failed"."""
    seen = {}
    for row in rows:
        for subject, why in row.failures.items():
            seen[f"{row.key}, {subject}: {why}"] = True
    return list(seen)
