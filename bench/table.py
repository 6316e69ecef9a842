# SPDX-License-Identifier: Apache-2.0
"""Rows as the programs of this folder print them (bench.c)."""


def heading(title, picture=None):
    print(f'\n### {title}\n')
    if picture:
        print(f'![{title}, native = 1]({picture})\n')
    print('| what | figure | against | baseline | ratio | target | |')
    print('|---|---:|---|---:|---:|---:|---|')


def number(value, unit):
    digits = 2 if value < 10 else 1 if value < 1000 else 0
    return f'{value:.{digits}f} {unit}'


def row(what, figure, unit, against='', baseline=None, limit=None, least=False):
    """One row; `limit` is the most (or least) the ratio may be, or the figure
    where there is no baseline."""
    ratio = figure if baseline is None else figure / baseline
    cells = [what, number(figure, unit), against]
    cells += ['', ''] if baseline is None else [number(baseline, unit), f'{ratio:.2f}']
    if limit is None:
        cells += ['', '']
    else:
        met = ratio >= limit if least else ratio <= limit
        cells += [f'{">=" if least else "<="} {limit:g}', 'met' if met else 'missed']
    print('| ' + ' | '.join(cells) + ' |', flush=True)
