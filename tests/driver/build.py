# SPDX-License-Identifier: Apache-2.0
"""The driver is built for a stock kernel without a warning, by make and by DKMS's
commands; DKMS itself builds it, and sparse and checkpatch find nothing, where they are
installed.

usage: build.py KERNEL SOURCE BUILD
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import machine

# Tables are macros, and one source serves several kernels.
CHECKPATCH_IGNORES = ('COMPLEX_MACRO,MACRO_WITH_FLOW_CONTROL,TRAILING_SEMICOLON,'
                      'MULTISTATEMENT_MACRO_USE_DO_WHILE,LINUX_VERSION_CODE,CONSTANT_COMPARISON')
WRONG = '\n\nint wrong(int *p);\nint wrong(int *p) { return *(int __user *)p; }\n'


def expect(condition, what):
    if not condition:
        sys.exit(f'build.py: {what}')


def is_driver(module, name):
    expect(re.search(rb'vermagic=' + re.escape(name.encode()) + rb'\.', module), f'is not for {name}')
    expect(b'license=GPL\0' in module, 'has no licence')


def warnings(text):
    return [line for line in text.splitlines() if re.search(r'\b(warning|error):', line, re.I)]


def by_dkms(headers, folder):
    """DKMS itself, with folders of its own."""
    version = os.path.basename(os.readlink(os.path.join(headers, 'headers'))).removeprefix('linux-headers-')
    with tempfile.TemporaryDirectory() as at:
        for name in ('tree', 'src'):
            os.mkdir(os.path.join(at, name))
        shutil.copytree(folder, os.path.join(at, 'src/confbox-0.1.0'))
        done = subprocess.run(['dkms', 'build', 'confbox/0.1.0', '-k', version, '-a', 'x86_64',
                               '--dkmstree', os.path.join(at, 'tree'), '--sourcetree', os.path.join(at, 'src'),
                               '--kernelsourcedir', os.path.join(headers, 'headers')],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        built = glob.glob(os.path.join(at, 'tree/confbox/0.1.0', version, 'x86_64/module/confbox.ko*'))
        expect(done.returncode == 0 and len(built) == 1, f'dkms: {done.stdout}')


def dkms(headers, folder):
    """The commands of dkms.conf, as DKMS runs them."""
    with open(os.path.join(folder, 'dkms.conf'), encoding='ascii') as file:
        conf = dict(re.findall(r'^([A-Z_]+(?:\[0\])?)="(.*)"$', file.read(), re.M))
    expect(conf['BUILT_MODULE_NAME[0]'] == 'confbox' and conf['AUTOINSTALL'] == 'yes', 'dkms.conf')
    with tempfile.TemporaryDirectory() as tree:
        at = os.path.join(tree, conf['PACKAGE_NAME'], conf['PACKAGE_VERSION'], 'build')
        shutil.copytree(folder, at)
        env = {**os.environ, 'kernel_source_dir': os.path.join(headers, 'headers'), 'dkms_tree': tree,
               'PACKAGE_NAME': conf['PACKAGE_NAME'], 'PACKAGE_VERSION': conf['PACKAGE_VERSION']}
        for command in (conf['CLEAN'], conf['MAKE[0]']):
            done = subprocess.run(command, shell=True, env=env, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            expect(done.returncode == 0, done.stdout)
        with open(os.path.join(at, 'confbox.ko'), 'rb') as file:
            return file.read()


def sparse(headers, folder):
    """What it says of each file, and that it sees a mistake."""
    words = ('C=2', 'CHECK=sparse', 'CF=-D__CHECK_ENDIAN__', 'modules')
    done = machine.make(headers, folder, *words)
    ours = [line for line in done.stdout.splitlines() if line.startswith(folder)]
    expect(done.returncode == 0 and done.stdout.count('  CHECK ') >= 9, done.stdout)
    expect(not ours, f'sparse: {ours}')
    path = os.path.join(folder, 'names.c')
    with open(path, 'a', encoding='ascii') as file:
        file.write(WRONG)
    done = machine.make(headers, folder, *words)
    expect('names.c' in ''.join(warnings(done.stdout)), 'sparse does not see a mistake')


def find_checkpatch(folder, sources='/usr/src'):
    """The script, also out of Debian's package of the kernel's sources; or None."""
    packed = sorted(glob.glob(os.path.join(sources, 'linux-source-*.tar.xz')))
    if os.environ.get('CHECKPATCH') or not packed:
        return os.environ.get('CHECKPATCH')
    inside = os.path.basename(packed[-1]).removesuffix('.tar.xz') + '/scripts/'
    words = [inside + name for name in ('checkpatch.pl', 'spelling.txt', 'const_structs.checkpatch')]
    subprocess.run(['tar', '-xJf', packed[-1], '-C', folder, '--occurrence=1', *words], check=True)
    return os.path.join(folder, words[0])


def checkpatch(source, script):
    """As sparse, for what the kernel's own script looks at."""
    tool = ['perl', script, '--no-tree', '--terse', '--show-types', '--no-summary']
    files = glob.glob(os.path.join(source, 'src/driver', '**/*.[ch]'), recursive=True) + \
        [os.path.join(source, 'tests/driver', name) for name in ('call_test.c', 'behaviour.h')]
    done = subprocess.run([*tool, '--ignore', CHECKPATCH_IGNORES, '-f', *files],
                          stdout=subprocess.PIPE, text=True, check=False)
    expect(done.returncode == 0 and done.stdout.strip() == '', f'checkpatch: {done.stdout}')
    with tempfile.NamedTemporaryFile('w', suffix='.c') as bad:
        bad.write('// SPDX-License-Identifier: GPL-2.0-only\nint f( void ){ return 1 ; }\n')
        bad.flush()
        done = subprocess.run([*tool, '-f', bad.name], stdout=subprocess.PIPE, text=True, check=False)
    expect(done.returncode != 0, 'checkpatch does not see a mistake')


def say(number, what, why=None):
    """A case, which scripts/summary.py counts; why it is skipped."""
    print(f'ok {number} - {what}' + (f' # SKIP {why}' if why else ''))


def main(name, source, build):
    for tool in ('make', 'gcc'):
        if shutil.which(tool) is None:
            machine.skip(f'{tool} is not installed')
    headers = machine.kernel(source, build, name)
    with tempfile.TemporaryDirectory() as folder:
        at = os.path.join(folder, 'src')
        said, module = machine.module(source, headers, at)
        expect(not warnings(said), said)
        is_driver(module, name)
        if shutil.which('sparse') is not None:
            sparse(headers, at)
        say(1, 'builds without a warning')
        say(2, 'sparse', None if shutil.which('sparse') else 'not installed')
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.join(source, 'scripts/driver-source'), folder], check=True)
        is_driver(dkms(headers, folder), name)
        if shutil.which('dkms') is not None:
            by_dkms(headers, folder)
        say(3, 'the commands of dkms.conf')
        say(4, 'dkms', None if shutil.which('dkms') else 'not installed')
        script = find_checkpatch(folder) if shutil.which('perl') else None
        if script is not None:
            checkpatch(source, script)
        say(5, 'checkpatch', None if script else 'linux-source is not installed')


if __name__ == '__main__':
    main(*sys.argv[1:])
