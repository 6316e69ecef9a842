# SPDX-License-Identifier: Apache-2.0
"""plot.py RESULTS.md PLOT.svg... [--check]: what takes how long in a box and elsewhere, as
parts of what it takes outside: calls.svg, system calls, from the table of bench/run.py;
applications.svg from that of bench/apps.py.

The axis is logarithmic; native is the line at 1.  With --check, whether each PLOT.svg
is that.
"""
import math
import os
import re
import sys

WIDTH, LEFT, RIGHT, ROW, BAR, TOP = 860, 260, 70, 44, 12, 60
COLOURS = {'a box': '#2b6cb0', 'gVisor (ptrace)': '#c05621', 'bubblewrap': '#718096'}


class Plot:
    """A table's heading, a title, the axis, and the places beside a box that are shown."""

    def __init__(self, table, title, low, high, places):
        self.table, self.title, self.low, self.high, self.places = table, title, low, high, places

    def rows(self, text):
        """(what, place, figure in a box, figure there)."""
        if self.table not in text:
            return
        table = text.split(self.table, 1)[1].split('\n### ', 1)[0]
        for line in table.splitlines():
            cells = [cell.strip() for cell in line.strip('|').split('|')]
            if len(cells) == 7 and re.match(r'[0-9.]+ \w+$', cells[1]) and cells[3]:
                yield cells[0], cells[2], float(cells[1].split()[0]), float(cells[3].split()[0])

    def ratios(self, text):
        """what: {place: its time over native's}."""
        box, there = {}, {}
        for what, place, inside, figure in self.rows(text):
            box[what] = inside
            there.setdefault(what, {})[place.removesuffix(', one turn')] = figure
        return {what: {'a box': box[what] / places['native'],
                       **{place: places[place] / places['native']
                          for place in self.places if place in places}}
                for what, places in there.items()}

    def place_of(self, ratio):
        share = math.log(min(max(ratio, self.low), self.high) / self.low)
        return LEFT + share / math.log(self.high / self.low) * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        return [tick for tick in (0.1, 0.25, 0.5, 1, 2, 4, 10, 100)
                if self.low < tick < self.high and
                (self.high < 50 or math.log10(tick).is_integer())]


PLOTS = {
    'calls.svg': Plot('### A system call in a box', 'time of a call, native = 1', 0.005, 1500.0,
                      ['gVisor (ptrace)']),
    'applications.svg': Plot('### Applications in a box', 'time of an application, native = 1',
                             0.2, 20.0, ['gVisor (ptrace)', 'bubblewrap']),
}


def text(x, y, words, anchor='start', size=13):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">'
            f'{words}</text>')


def bars(plot, found):
    for i, (what, places) in enumerate(found.items()):
        y = TOP + i * ROW
        yield text(LEFT - 10, y + 17, what, 'end')
        for j, (place, ratio) in enumerate(places.items()):
            start, end = sorted((plot.place_of(1), plot.place_of(ratio)))
            at = y + j * (BAR + 2)
            yield (f'<rect x="{start:.1f}" y="{at}" width="{max(end - start, 1):.1f}" '
                   f'height="{BAR}" fill="{COLOURS[place]}"/>')
            yield text(end + 4 if ratio >= 1 else start - 4, at + BAR - 2, f'{ratio:.2g}',
                       'start' if ratio >= 1 else 'end', 11)


def axis(plot, height):
    for tick in plot.ticks():
        x = plot.place_of(tick)
        colour = '#222' if tick == 1 else '#ccc'
        yield (f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 10}" '
               f'stroke="{colour}"/>')
        yield text(x, TOP - 14, 'native' if tick == 1 else f'{tick:g}', 'middle', 11)


def legend(shown):
    for i, place in enumerate(shown):
        yield f'<rect x="{LEFT + 40 + i * 120}" y="14" width="12" height="12" fill="{COLOURS[place]}"/>'
        yield text(LEFT + 58 + i * 120, 25, place)


def draw(plot, found):
    height = TOP + len(found) * ROW + 10
    shown = [place for place in COLOURS if any(place in places for places in found.values())]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             'font-family="sans-serif">', f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
             text(10, 25, plot.title), *legend(shown), *axis(plot, height), *bars(plot, found),
             '</svg>']
    return '\n'.join(parts) + '\n'


def plot_of(results, output):
    """What belongs into a file, by its name."""
    plot = PLOTS[os.path.basename(output)]
    with open(results, encoding='utf-8') as file:
        found = plot.ratios(file.read())
    if not found:
        sys.exit(f'plot.py: no rows below "{plot.table}" in {results}')
    return draw(plot, found)


def write(results, output):
    with open(output, 'w', encoding='utf-8') as file:
        file.write(plot_of(results, output))


def check(results, output):
    with open(output, encoding='utf-8') as file:
        if file.read() != plot_of(results, output):
            sys.exit(f'plot.py: {output} is not of {results}: run plot.py')


if __name__ == '__main__':
    names = [word for word in sys.argv[2:] if word != '--check']
    if not names or any(os.path.basename(name) not in PLOTS for name in names):
        sys.exit(f'usage: plot.py RESULTS.md PLOT.svg... [--check], of {", ".join(PLOTS)}')
    for name in names:
        (check if '--check' in sys.argv else write)(sys.argv[1], name)
