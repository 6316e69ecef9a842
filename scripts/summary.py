# SPDX-License-Identifier: Apache-2.0
"""Sum up test runs: summary.py LABEL=meson-logs/testlog.json...
What the tests of a suite had to say: summary.py --show SUITE testlog.json
What failed, and the end of what it said: summary.py --said testlog.json

A test program that reports its cases (cmocka's or TAP's output) counts with
each of them, any other as one.  Exit status 1 when something failed, or when
nothing ran.
"""
import json
import re
import sys

OK = {'OK', 'EXPECTEDFAIL'}
# What is shown of a test program that failed: lines of each of its streams, those
# about a case that failed, and how much of that at most.
LAST, BEFORE, AFTER = 60, 10, 12
MOST, WIDEST = 12000, 400
# The same of all programs together at the very end, where some readers of a log see
# nothing but its end.
MOST_AT_END = 6000
WRONG = re.compile(r'\[\s*(?:FAILED|ERROR)\s*\]|not ok|(?:FAIL|ERROR): |.*\bNOT REFUSED:')
CMOCKA = {'OK': 'passed', 'FAILED': 'failed', 'SKIPPED': 'skipped'}


def cases(text):
    """[(result, name)] a test program reported."""
    found = [(CMOCKA[r], n) for r, n in re.findall(
        r'^\[\s*(OK|FAILED|SKIPPED)\s*\] (?!\d+ test)(?!tests)(\w.*)$', text, re.M)]
    for bad, name, skip in re.findall(
            r'^(not )?ok \d+(?:\s*-\s*([^#\n]*))?(?:\s*#\s*(SKIP[^\n]*))?\s*$', text, re.M | re.I):
        found.append(('skipped' if skip else 'failed' if bad else 'passed',
                      name.strip() + (f' ({skip[4:].strip()})' if skip else '')))
    # A failing case is named twice by cmocka: when it fails and in the sum.
    return list(dict.fromkeys(found))


def with_reasons(found, text):
    """Skipped cases with the reason the program's own table gives; those that
    the table admits are neither passed nor skipped."""
    admitted = dict(re.findall(r'^([A-Z]\d\d)\s+\S+\s+NOT REFUSED, as it says: (.*)$', text,
                               re.M))
    reasons = dict(re.findall(r'^([A-Z]\d\d)\s+\S+\s+n/a: (.*)$', text, re.M))
    said = dict((name, why) for why, name in re.findall(
        r'^skipped: (.*)\n\[\s*SKIPPED\s*\] (\w+)$', text, re.M))
    for result, name in found:
        match = re.match(r'(?:attack_)?([A-Za-z]\d\d)(?:_|$)', name)
        reason = reasons.get(match.group(1).upper()) if match else None
        if match and match.group(1).upper() in admitted:
            yield 'admitted', f'{match.group(1).upper()}: {admitted[match.group(1).upper()]}'
            continue
        known = result == 'skipped' and reason
        if known:
            name = f'{match.group(1).upper()}: {reason}'
        elif result == 'skipped' and name in said:
            name = f'{name}: {said[name]}'
        yield result, name


def of_test(test):
    """[(result, name)] of one entry of a test log, at least one."""
    text = (test.get('stdout', '') + '\n' + test.get('stderr', '')).replace('\r', '')  # of serial lines
    result = test['result']
    inner = list(with_reasons(cases(text), text))
    if result == 'SKIP':
        lines = [line for line in text.splitlines() if line.strip()]
        return [('skipped', lines[-1].strip() if lines else 'no reason given')]
    if result in OK:
        inner = inner or [('passed', '')]
        # The program has the last word.
        return [('passed' if r == 'failed' else r, n) for r, n in inner]
    failed = [c for c in inner if c[0] == 'failed']
    return [c for c in inner if c[0] != 'failed'] + (failed or [('failed', result.lower())])


def read(path):
    """The entries of a test log; one that failed when there is none."""
    try:
        with open(path, encoding='utf-8') as f:
            tests = [json.loads(line) for line in f if line.strip()]
    except FileNotFoundError:
        tests = []
    return tests or [{'name': path, 'result': 'FAIL', 'stdout': 'not ok 1 - no test ran'}]


def together(lines):
    """Cases skipped for one reason share a line: 'test: A01 A02: why'."""
    groups = {}
    for line in lines:
        match = re.match(r'(.*): ([A-Z]\d\d): (.*)$', line)
        key = (match.group(1), match.group(3)) if match else (line, None)
        groups.setdefault(key, []).append(match.group(2) if match else '')
    for (test, why), names in groups.items():
        yield f'{test}: {" ".join(names)}: {why}' if why else test


def title(label, test):
    return f'{label}: {test["name"].split(" / ")[-1]}'


def show(suite, path):
    """The lines a suite's tests printed, but for the test library's own."""
    for test in read(path):
        if f':{suite} /' in test['name']:
            for line in test.get('stdout', '').splitlines():
                if line.strip() and not line.startswith('['):
                    print(f'   {line[:110]}')


def telling(text):
    """The lines of a stream that say why: its last, and before them those about
    each case that failed; '...' where lines are left out."""
    lines = [re.sub(r'[^\t -~]', '?', line[:WIDEST]) for line in text.replace('\r', '').split('\n')]
    lines = lines[:-1] if not lines[-1] else lines
    kept = set(range(max(0, len(lines) - LAST), len(lines)))
    for number, line in enumerate(lines):
        if WRONG.match(line):
            kept.update(range(max(0, number - BEFORE), min(len(lines), number + AFTER + 1)))
    before = -1
    for number in sorted(kept):
        if number != before + 1:
            yield '...'
        yield lines[number]
        before = number


def failures(path):
    return [t for t in read(path) if t['result'] not in OK and t['result'] != 'SKIP']


def say(test, most):
    """What a test program that failed said, its last `most` characters at most."""
    text = '\n'.join(line for stream in ('stdout', 'stderr') for line in telling(test.get(stream, '')))
    if len(text) > most:
        text = '...\n' + text[-most:].split('\n', 1)[-1]
    print(f'   {test["name"].split(" / ")[-1]}: {test["result"]}, status {test.get("returncode")}, '
          f'after {test.get("duration", 0):.1f} s; it said:')
    print('\n'.join(f'      | {line}' for line in text.splitlines()) or '      nothing')


def said(path):
    """Each test program that failed, and what it said."""
    for test in failures(path):
        say(test, MOST)


def main(arguments):
    if arguments[:1] == ['--show']:
        show(*arguments[1:])
        return 0
    if arguments[:1] == ['--said']:
        said(*arguments[1:])
        return 0
    count = {'passed': 0, 'failed': 0, 'skipped': 0, 'admitted': 0}
    told = {'failed': [], 'skipped': [], 'admitted': []}
    failed = []
    for argument in arguments:
        label, path = argument.split('=', 1)
        failed += failures(path)
        for test in read(path):
            for result, name in of_test(test):
                count[result] += 1
                if result in told:
                    told[result].append(f'{title(label, test)}: {name}')
    heads = {'skipped': 'skipped', 'admitted': 'failed, as the backend says it would',
             'failed': 'failed'}
    for result, head in heads.items():
        if told[result]:
            print(f'\n{head}:')
            print('\n'.join(f'  {line}' for line in together(told[result])))
    for test in failed:
        say(test, MOST_AT_END // len(failed))
    print(f'\n{count["passed"]} passed, {count["failed"]} failed, {count["skipped"]} skipped')
    return 1 if count['failed'] or not count['passed'] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
