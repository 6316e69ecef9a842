# SPDX-License-Identifier: Apache-2.0
"""Another system as a box's: a directory, a tar archive, an OCI image; and that
the same inputs measure the same.

    root.py CONFBOX
"""
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

CONFBOX = None
BUSYBOX = shutil.which('busybox')


def member(name, data=b'', kind=tarfile.REGTYPE, mode=0o644, link='', mtime=0):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname, info.mtime = kind, mode, link, mtime
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, data


def folder(name):
    return member(name, kind=tarfile.DIRTYPE, mode=0o755)


def archive(members, form=tarfile.PAX_FORMAT):
    to = io.BytesIO()
    with tarfile.open(fileobj=to, mode='w', format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return to.getvalue()


def system(extra=(), mtime=0):
    """A small one: busybox, reached over links as on a merged /usr."""
    with open(BUSYBOX, 'rb') as file:
        busybox = file.read()
    return [folder('./'), folder('usr'), folder('usr/bin'),
            member('bin', kind=tarfile.SYMTYPE, link='usr/bin'),
            member('usr/bin/busybox', busybox, mode=0o755, mtime=mtime),
            member('usr/bin/sh', kind=tarfile.SYMTYPE, link='busybox'),
            member('usr/bin/cat', kind=tarfile.SYMTYPE, link='/bin/busybox'),
            folder('etc'), member('etc/name', b'first\n'), *extra]


class Image:
    """An OCI image: blobs by name."""

    def __init__(self, *layers, compress=lambda data: data):
        self.files = {'oci-layout': b'{"imageLayoutVersion":"1.0.0"}'}
        config = self.blob(b'{}', 'application/vnd.oci.image.config.v1+json')
        described = [self.blob(compress(layer), 'application/vnd.oci.image.layer.v1.tar')
                     for layer in layers]
        manifest = self.blob(json.dumps({'schemaVersion': 2, 'config': config,
                                         'layers': described}).encode(), 'm')
        other = dict(manifest, digest='sha256:' + '0' * 64,
                     platform={'os': 'linux', 'architecture': 'arm64'})
        ours = dict(manifest, platform={'os': 'linux', 'architecture': 'amd64'})
        inner = self.blob(json.dumps({'manifests': [other, ours]}).encode(), 'i')
        self.files['index.json'] = json.dumps({'manifests': [inner]}).encode()

    def blob(self, data, media):
        digest = hashlib.sha256(data).hexdigest()
        self.files[f'blobs/sha256/{digest}'] = data
        return {'mediaType': media, 'digest': f'sha256:{digest}', 'size': len(data)}

    def largest(self):
        return max(self.files, key=lambda name: len(self.files[name]))


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='confbox-root-')

    def tearDown(self):
        shutil.rmtree(self.folder)

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def unpack(self, name, image):
        for path, data in image.files.items():
            self.write(f'{name}/{path}', data)
        return os.path.join(self.folder, name)

    def run_box(self, *args, **more):
        done = subprocess.run([CONFBOX, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=200, check=False, **more)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def show(self, root, program, *options):
        """What a program prints in a box of this root."""
        status, out, err = self.run_box('run', *options, '--root', root, *program.split())
        self.assertEqual((status, err), (0, ''))
        return out

    def refused(self, root, *words, status=125):
        code, out, err = self.run_box('measure', '--root', root, 'sh')
        self.assertEqual((code, out), (status, ''), err)
        self.assertEqual(len(err.splitlines()), 1, err)
        for word in words:
            self.assertIn(word, err)


class Roots(Case):
    def test_archives_of_every_kind(self):
        data = archive(system())
        forms = {'plain': data, 'gz': gzip.compress(data, 1),
                 'gnu': archive(system(), tarfile.GNU_FORMAT),
                 'ustar': archive(system(), tarfile.USTAR_FORMAT)}
        for tool in ('zstd', 'xz', 'bzip2'):
            if shutil.which(tool):
                forms[tool] = subprocess.run([tool, '-1', '-c'], input=data, check=True,
                                             stdout=subprocess.PIPE).stdout
        measured = set()
        for name, form in forms.items():
            path = self.write(name, form)
            self.assertEqual(self.show(path, 'cat /etc/name'), 'first\n')
            names = set(self.show(path, 'busybox ls /').split())
            self.assertLessEqual({'bin', 'etc', 'usr'}, names)
            self.assertLessEqual(names, {'bin', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'usr', 'var'})
            measured.add(self.run_box('measure', '--root', path, 'sh'))
        self.assertEqual(len(measured), 1)

    def test_a_directory_measures_as_its_archive(self):
        path = self.write('tar', archive(system()))
        root = os.path.join(self.folder, 'root')
        with tarfile.open(path) as tar:
            tar.extractall(root, filter='fully_trusted') if hasattr(tarfile, 'data_filter') \
                else tar.extractall(root)
        self.assertEqual(self.show(root, 'cat /etc/name'), 'first\n')
        self.assertEqual(self.run_box('measure', '--root', root, 'sh'),
                         self.run_box('measure', '--root', path, 'sh'))

    def test_what_is_named_comes_over_the_root(self):
        path = self.write('tar', archive(system()))
        name = self.write('name', b'second\n')
        self.assertEqual(self.show(path, 'cat /etc/name /x/name', '--file', f'{name}:/etc/name',
                                    '--dir', f'{self.folder}:/x'), 'second\nsecond\n')

    def test_hard_links_and_long_names(self):
        long = '/'.join(['d' * 90] * 8)
        path = self.write('tar', archive(system([
            member(f'{long}/file', b'deep\n'), member('again', kind=tarfile.LNKTYPE, link='etc/name'),
            member('link', kind=tarfile.SYMTYPE, link=f'{long}/file')])))
        self.assertEqual(self.show(path, 'cat /again /link'), 'first\ndeep\n')

    def test_a_program_that_is_not_there(self):
        path = self.write('tar', archive(system()))
        status, _, err = self.run_box('run', '--root', path, 'vi')
        self.assertEqual(status, 125)
        self.assertIn(f'vi: there is no such program in {path}', err)

    def test_nothing_of_this_machine_is_there(self):
        path = self.write('tar', archive(system()))
        names = self.show(path, 'busybox find /usr /etc -type f').split()
        self.assertLessEqual({'/usr/bin/busybox', '/etc/name'}, set(names))
        self.assertLess(len(names), 8)


class Oci(Case):
    def layers(self):
        return (archive(system([folder('gone'), member('gone/a', b'a'), folder('kept'),
                                member('kept/old', b'old'), member('file', b'1\n'),
                                folder('was'), member('was/in', b'x')])),
                archive([member('.wh.gone'), member('kept/.wh..wh..opq'),
                         member('kept/new', b'new'), member('etc/name', b'second\n'),
                         member('was', b'a file now\n'), member('.wh.file')]),
                archive([member('file', b'3\n')]))

    def test_layers_lie_over_each_other(self):
        for name, compress in (('plain', lambda data: data), ('gz', gzip.compress)):
            image = Image(*self.layers(), compress=compress)
            root = self.unpack(name, image)
            self.assertEqual(self.show(root, 'cat /etc/name /file /was'), 'second\n3\na file now\n')
            self.assertEqual(self.show(root, 'busybox ls /kept'), 'new\n')
            self.assertNotIn('gone', self.show(root, 'busybox ls /'))
            path = self.write(f'{name}.tar', archive([member(*pair) for pair in image.files.items()]))
            self.assertEqual(self.run_box('measure', '--root', path, 'sh'),
                             self.run_box('measure', '--root', root, 'sh'))

    def test_what_its_digest_is_not_of_is_refused(self):
        image = Image(*self.layers())
        name = image.largest()
        image.files[name] = image.files[name][:-1] + b'x'
        self.refused(self.unpack('image', image), name.rsplit('/', 1)[1], 'digest')

    def test_what_is_missing_is_named(self):
        image = Image(*self.layers())
        name = image.largest()
        del image.files[name]
        self.refused(self.unpack('image', image), name.rsplit('/', 1)[1])
        path = self.write('tar', archive([member(*pair) for pair in image.files.items()]))
        self.refused(path, name, 'does not hold it')

    def test_nonsense_is_refused(self):
        for number, index in enumerate((b'', b'[]', b'{"manifests": []}', b'{"manifests": 1}',
                                        b'{"manifests": [{"digest": "sha256:../../etc/passwd"}]}',
                                        b'{"manifests": [{"digest": "md5:00"}]}', b'{"layers": []}')):
            image = Image(*self.layers())
            image.files['index.json'] = index
            self.refused(self.unpack(f'image{number}', image))

    def test_an_index_of_itself_ends(self):
        image = Image(*self.layers())
        last = b'{"manifests": [{"digest": "md5:00"}]}'
        for _ in range(9):
            described = image.blob(last, 'i')
            last = json.dumps({'manifests': [described]}).encode()
        image.files['index.json'] = last
        self.refused(self.unpack('image', image), 'no image')


class BadRoots(Case):
    def test_members_that_cannot_go_in(self):
        device = member('dev/x', kind=tarfile.CHRTYPE)
        cases = {'up': (member('../x', b'x'), 'upwards'),
                 'inside': (member('etc/../../x', b'x'), 'upwards'),
                 'device': (device, 'device'),
                 'pipe': (member('p', kind=tarfile.FIFOTYPE), 'pipe'),
                 'hard': (member('h', kind=tarfile.LNKTYPE, link='no'), 'hard link'),
                 'hardup': (member('h', kind=tarfile.LNKTYPE, link='../etc/passwd'), 'upwards')}
        for name, (bad, word) in cases.items():
            path = self.write(name, archive(system([bad])))
            self.refused(path, word, bad[0].name)

    def test_a_member_that_is_too_large(self):
        info, _ = member('huge')
        info.size = 9 << 30
        head = info.tobuf(tarfile.GNU_FORMAT)
        data = archive(system())
        end = len(data.rstrip(b'\0')) + 511 & ~511
        path = self.write('tar', data[:end] + head + b'\0' * 1024)
        self.refused(path, 'huge', '8 GiB')

    def test_links_lead_nowhere_outside(self):
        path = self.write('tar', archive(system([
            member('out', kind=tarfile.SYMTYPE, link='../../../../etc'),
            member('out/passed', b'inside\n')])))
        self.assertEqual(self.show(path, 'cat /etc/passed'), 'inside\n')
        self.assertFalse(os.path.exists('/etc/passed'))

    def test_what_is_no_archive(self):
        self.refused(self.write('text', b'hello' * 1000))
        self.refused(os.path.join(self.folder, 'none'), 'No such file')
        data = archive(system())
        self.refused(self.write('cut', data[:len(data) // 2]))

    def test_a_missing_interpreter_is_named(self):
        with open('/bin/ls', 'rb') as file:
            data = file.read()
        path = self.write('tar', archive(system([member('bin2/ls', data, mode=0o755)])))
        status, _, err = self.run_box('run', '--root', path, '/bin2/ls')
        self.assertEqual(status, 125)
        self.assertIn('/bin2/ls: its interpreter /lib64/ld-linux-x86-64.so.2 is not in', err)


class Same(Case):
    """The same inputs, in other circumstances."""

    def tree(self, name, order, mtime):
        for path in order:
            full = self.write(f'{name}/{path}', path.encode() * 3000)
            os.utime(full, (mtime, mtime))
        os.utime(os.path.join(self.folder, name), (mtime, mtime))
        return os.path.join(self.folder, name)

    def test_other_order_and_other_times(self):
        names = ['one', 'two', 'sub/three', 'sub/four', 'z.py', 'a.so']
        first = self.tree('first', names, 1)
        second = self.tree('second', names[::-1], 1700000000)
        self.assertEqual(self.run_box('measure', '--dir', f'{first}:/d', '/bin/ls', '/d'),
                         self.run_box('measure', '--dir', f'{second}:/d', '/bin/ls', '/d'))
        self.assertEqual(self.run_box('measure', '--root', self.write('a', archive(system())), 'sh'),
                         self.run_box('measure', '--root',
                                      self.write('b', archive(system(mtime=10 ** 9))), 'sh'))

    def test_another_working_directory_and_again(self):
        programs = [['/bin/ls']]
        if shutil.which('python3', path='/usr/bin'):
            programs.append(['/usr/bin/python3', '-c', 'print(1)'])
        for program in programs:
            images = []
            for number, cwd in enumerate(('/', self.folder, '/usr')):
                path = os.path.join(self.folder, f'{number}.cbx')
                self.assertEqual(self.run_box('build', '-o', path, *program, cwd=cwd)[0], 0)
                with open(path, 'rb') as file:
                    images.append(file.read())
            self.assertTrue(images[0] == images[1] == images[2], program)

    def test_options_in_another_order(self):
        a, b = self.write('a', b'a'), self.write('b', b'b')
        self.assertEqual(
            self.run_box('measure', '--file', a, '--with', '/bin/cat', '--file', b, '/bin/ls'),
            self.run_box('measure', '--file', b, '--file', a, '--with', '/bin/cat', '/bin/ls'))


if __name__ == '__main__':
    CONFBOX = os.path.abspath(sys.argv.pop(1))
    if BUSYBOX is None:
        print('busybox is not installed')
        sys.exit(77)
    unittest.main(verbosity=2)
