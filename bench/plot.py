# SPDX-License-Identifier: Apache-2.0
"""plot.py RESULTS.md OUTPUT.svg [--check]: what system calls take in a box and elsewhere, as
parts of what they take outside, from the table of bench/run.py.

The axis is logarithmic; native is the line at 1.  With --check, whether OUTPUT.svg
is that.
"""
import math
import re
import sys

TABLE = '### A system call in a box'
WIDTH, LEFT, RIGHT, ROW, BAR, TOP = 860, 230, 70, 44, 12, 60
LOW, HIGH = 0.005, 1500.0
COLOURS = {'a box': '#2b6cb0', 'gVisor (ptrace)': '#c05621'}


def rows(text):
    """(call, place, nanoseconds in a box, nanoseconds there)."""
    table = text.split(TABLE, 1)[1].split('\n### ', 1)[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if len(cells) == 7 and re.match(r'[0-9.]+ ns$', cells[1]) and cells[3]:
            yield cells[0], cells[2], float(cells[1].split()[0]), float(cells[3].split()[0])


def ratios(text):
    """call: {place: its time over native's}."""
    box, there = {}, {}
    for call, place, inside, figure in rows(text):
        box[call] = inside
        there.setdefault(call, {})[place] = figure
    found = {}
    for call, places in there.items():
        found[call] = {'a box': box[call] / places['native']}
        if 'gVisor (ptrace)' in places:
            found[call]['gVisor (ptrace)'] = places['gVisor (ptrace)'] / places['native']
    return found


def place_of(ratio):
    share = math.log(min(max(ratio, LOW), HIGH) / LOW) / math.log(HIGH / LOW)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def text(x, y, words, anchor='start', size=13):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">'
            f'{words}</text>')


def bars(found):
    for i, (call, places) in enumerate(found.items()):
        y = TOP + i * ROW
        yield text(LEFT - 10, y + 17, call, 'end')
        for j, (place, ratio) in enumerate(places.items()):
            start, end = sorted((place_of(1), place_of(ratio)))
            at = y + j * (BAR + 2)
            yield (f'<rect x="{start:.1f}" y="{at}" width="{max(end - start, 1):.1f}" '
                   f'height="{BAR}" fill="{COLOURS[place]}"/>')
            yield text(end + 4 if ratio >= 1 else start - 4, at + BAR - 2, f'{ratio:.2g}',
                       'start' if ratio >= 1 else 'end', 11)


def axis(height):
    for power in (0.1, 1, 10, 100):
        x = place_of(power)
        colour = '#222' if power == 1 else '#ccc'
        yield (f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 10}" '
               f'stroke="{colour}"/>')
        yield text(x, TOP - 14, 'native' if power == 1 else f'{power:g}', 'middle', 11)


def legend():
    for i, (place, colour) in enumerate(COLOURS.items()):
        yield f'<rect x="{LEFT + i * 120}" y="14" width="12" height="12" fill="{colour}"/>'
        yield text(LEFT + 18 + i * 120, 25, place)


def draw(found):
    height = TOP + len(found) * ROW + 10
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             'font-family="sans-serif">', f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
             text(10, 25, 'time of a call, native = 1'), *legend(), *axis(height), *bars(found),
             '</svg>']
    return '\n'.join(parts) + '\n'


def main(results, output, check=None):
    with open(results, encoding='utf-8') as file:
        found = ratios(file.read())
    if not found:
        sys.exit(f'plot.py: no rows below "{TABLE}" in {results}')
    if check is not None:
        with open(output, encoding='utf-8') as file:
            if file.read() != draw(found):
                sys.exit(f'plot.py: {output} is not of {results}: run plot.py')
        return
    with open(output, 'w', encoding='utf-8') as file:
        file.write(draw(found))


if __name__ == '__main__':
    main(*sys.argv[1:])
