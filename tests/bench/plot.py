"""Draws what run.py measured: two SVG files, without a library."""
import html
import math

WIDTH, LINE = 900, 24
COLOURS = {'MISSED': '#c0392b', 'must': '#e08e0b', 'goal': '#2e86c1', 'stretch': '#1e8449'}


def text(x, y, words, anchor='start', colour='#222'):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{html.escape(str(words))}</text>'


def line(x1, y1, x2, y2, colour='#999', width=1):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def document(height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
            f'font-size="12"><rect width="{WIDTH}" height="{height}" fill="#fff"/>' + ''.join(parts) + '</svg>\n')


def reached(row):
    """The best of must, goal and stretch that the result keeps."""
    kept = [name for name, limit in zip(('must', 'goal', 'stretch'), row['goals']) if limit is not None and
            (row['result'] >= limit if row['higher'] else row['result'] <= limit)]
    return kept[-1] if kept else 'MISSED'


def goals(rows):
    """One bar for every figure with goals, as a part of its must; the marks are must, goal and stretch."""
    judged = [row for row in rows if row['goals']]
    left, right = 300, 760
    parts = [text(10, 20, 'Each figure as a part of what it must reach; marks: must, goal, stretch')]
    for number, row in enumerate(judged):
        y = 40 + number * LINE
        must = row['goals'][0]

        def place(value):
            share = must / value if row['higher'] else value / must
            return left + min(share, 1.25) / 1.25 * (right - left)
        name = reached(row)
        parts.append(text(left - 8, y + 13, row['figure'], 'end'))
        parts.append(f'<rect x="{left}" y="{y + 2}" width="{place(row["result"]) - left:.1f}" height="14" '
                     f'fill="{COLOURS[name]}" opacity="{1 if row["quiet"] else 0.4}"/>')
        for limit in row['goals']:
            if limit is not None:
                parts.append(line(place(limit), y - 1, place(limit), y + 19, '#222'))
        parts.append(text(right + 8, y + 13, f'{row["result"]:.4g}  {name}', colour=COLOURS[name]))
    return document(60 + len(judged) * LINE, parts)


def curve(parts, top, title, unit, points):
    """Points over a logarithmic axis; the other one begins at 0."""
    left, right, height = 70, WIDTH - 30, 150
    most = max(y for _, y in points) * 1.25 or 1
    first, last = math.log10(max(points[0][0], 1)), math.log10(max(points[-1][0], 2)) or 1

    def at(x, y):
        share = (math.log10(max(x, 1)) - first) / (last - first)
        return left + share * (right - left), top + 25 + height - y / most * height
    parts += [text(10, top + 14, f'{title}, {unit}'), line(left, top + 25 + height, right, top + 25 + height),
              line(left, top + 25, left, top + 25 + height), text(left - 6, top + 30, f'{most:.3g}', 'end'),
              text(left - 6, top + 25 + height, '0', 'end')]
    before = None
    for x, y in points:
        here = at(x, y)
        if before:
            parts.append(line(*before, *here, '#2e86c1', 2))
        parts.append(f'<circle cx="{here[0]:.1f}" cy="{here[1]:.1f}" r="3" fill="#2e86c1"/>')
        parts.append(text(here[0], here[1] - 7, f'{y:.3g}', 'middle'))
        parts.append(text(here[0], top + 40 + height, f'{x:,}', 'middle', '#666'))
        before = here


def growth(live, micro):
    """What a frame, a look-up, a record costs as everything around it grows."""
    series = [('A chat message beside silent sessions', 'us of processor time', live['sessions'])]
    for name, title in (('judge/rules', 'A question to the policy, by rules'),
                        ('frame/rules', 'A passed chat frame, by rules'),
                        ('frame/refused_calls', 'A passed chat frame, by calls refused before'),
                        ('package/refused_calls', 'A passed P2P data package, by calls refused before'),
                        ('record/records', 'An audit record, by records before')):
        points = sorted((int(key[len(name) + 1:].split('/')[0]), counted['cpu_time'])
                        for key, counted in micro.items() if key.startswith(name + ':'))
        if points:
            series.append((title, 'ns', points))
    parts = []
    for number, (title, unit, points) in enumerate(series):
        curve(parts, number * 220, title, unit, points)
    return document(len(series) * 220, parts)
