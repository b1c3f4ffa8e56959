"""A page with the curves of a run: no scripts, no fonts, nothing from elsewhere."""
import html

WIDTH, HEIGHT, LEFT, BOTTOM = 900, 180, 70, 24
STYLE = ("body{font:14px sans-serif;max-width:60em;margin:2em auto}svg{background:#fafafa}"
         "text{font:11px sans-serif;fill:#444}path{fill:none;stroke:#06c;stroke-width:1.2}"
         "path.trend{stroke:#c30;stroke-dasharray:5 4}line{stroke:#ccc}td,th{padding:.1em .8em;text-align:left}")


def curve(title, points, unit, trend=None):
    """`points`: (seconds, value). `trend`: its two ends."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    right, low, high = max(xs) or 1, 0, max(ys) * 1.1 or 1

    def place(x, y):
        across, up = x / right * (WIDTH - LEFT - 10), (y - low) / (high - low) * (HEIGHT - BOTTOM - 10)
        return LEFT + across, HEIGHT - BOTTOM - up

    def path(line, kind=""):
        steps = " ".join(f"{'M' if i == 0 else 'L'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(place(*p) for p in line))
        return f'<path class="{kind}" d="{steps}"/>'

    marks = ""
    for share in (0, 0.5, 1):
        value = low + share * (high - low)
        _, y = place(0, value)
        marks += (f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}"/>'
                  f'<text x="4" y="{y + 4:.1f}">{value:,.0f} {unit}</text>')
        x, _ = place(share * right, low)
        marks += f'<text x="{x - 20:.1f}" y="{HEIGHT - 6}">{share * right:.0f} s</text>'
    return (f"<h2>{html.escape(title)}</h2><svg role='img' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}'>"
            f"{marks}{path(points)}{path(trend, 'trend') if trend else ''}</svg>")


def page(title, rows, curves):
    """`rows`: (what, how it was, what is promised, True if kept)."""
    table = "".join(f"<tr><td>{html.escape(what)}<td>{html.escape(found)}<td>{html.escape(limit)}"
                    f"<td>{'kept' if good else 'BROKEN'}"
                    for what, found, limit, good in rows)
    name = html.escape(title)
    return (f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{name}</title><style>{STYLE}</style>"
            f"<h1>{name}</h1><table><tr><th>What<th>Found<th>Promised<th>{table}</table>{''.join(curves)}</html>\n")
