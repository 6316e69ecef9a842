#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Install into a folder of its own, and build and run the example service
# against what is there, out of tree, with pkg-config: shared and static.
#
#   install.sh SOURCE BUILD
set -euo pipefail

source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

meson install -C "$build" --no-rebuild --destdir "$work/root" >"$work/log" 2>&1 ||
	fail "meson install: $(tail -n 3 "$work/log")"

pc=$(find "$work/root" -name confbox.pc)
[ -n "$pc" ] || fail 'no confbox.pc'
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$work/root
libdir=${pc%/pkgconfig/confbox.pc}
prefix=$(sed -n 's/^prefix=//p' "$pc")
bin=$work/root$prefix/bin/confbox

for file in confbox.h appraisal.h attest.h client.h counter.h platform.h release.h seal.h service.h span.h verify.h abi.h forward.def forward.h gate.def refusal.def status.def; do
	[ -f "$work/root$prefix/include/confbox/$file" ] || fail "no header $file"
done
for file in libconfbox.so libconfbox.so.0 libconfbox.a \
	libconfbox-verify.so libconfbox-verify.so.0 libconfbox-verify.a; do
	[ -e "$libdir/$file" ] || fail "no library $file"
done
[ "$(pkg-config --modversion confbox)" = "$("$bin" --version | cut -d' ' -f2)" ] ||
	fail 'confbox.pc and confbox(1) tell different versions'

# What is exported is what the headers declare, and the version script lists.
nm -D --defined-only "$libdir/libconfbox.so" | awk '$2 == "T" { print $3 }' |
	sed 's/@.*//' | sort >"$work/exported"
for file in confbox.h attest.h counter.h platform.h service.h release.h; do
	sed 's/^#.*//' "$source/include/confbox/$file"
done | tr '\n' ' ' | grep -oE 'CBX_(COUNTER_|RELEASE_)?API [^;(]*\(' | grep -oE '[a-z_]+\($' |
	tr -d '(' | sort -u >"$work/declared"
diff "$work/declared" "$work/exported" || fail 'declared and exported functions differ'

nm -D --defined-only "$libdir/libconfbox-verify.so" | awk '$2 == "T" { print $3 }' |
	sed 's/@.*//' | sort >"$work/exported"
for file in appraisal.h client.h release.h verify.h; do
	sed 's/^#.*//' "$source/include/confbox/$file"
done | tr '\n' ' ' | grep -oE 'CBX_VERIFY_API [^;(]*\(' | grep -oE '[a-z_]+\($' |
	tr -d '(' | sort -u >"$work/declared-verify"
diff "$work/declared-verify" "$work/exported" || fail 'declared and exported functions of libconfbox-verify differ'

# Man pages: every command, option and function is there, and they render.
for page in man1/confbox.1 man1/confbox-seal.1 man1/confbox-send.1 man1/confbox-verify.1 man3/libconfbox.3 man3/libconfbox-verify.3 man5/cbx.5 man5/confbox-appraisal.5; do
	file=$(find "$work/root$prefix/share/man/$page"*) || fail "no man page $page"
	if command -v man >/dev/null; then
		man --warnings -l "$file" >/dev/null 2>"$work/warnings" || fail "man $page"
		[ ! -s "$work/warnings" ] || fail "man $page: $(head -n 1 "$work/warnings")"
	fi
done
while read -r name; do
	grep -q "$name" "$source/doc/man/libconfbox.3" || fail "libconfbox.3 lacks $name"
done <"$work/declared"
while read -r name; do
	grep -q "$name" "$source/doc/man/libconfbox-verify.3" || fail "libconfbox-verify.3 lacks $name"
done <"$work/declared-verify"
for command in run build measure info send verify; do
	page=confbox.1
	case $command in send | verify) page=confbox-$command.1 ;; esac
	"$bin" "$command" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' >"$work/options"
	[ -s "$work/options" ] || fail "$command --help lists no option"
	while read -r name; do
		[ "$name" = help ] || grep -q -- "Fl -$name" "$source/doc/man/$page" ||
			fail "$page lacks --$name"
	done <"$work/options"
done

# Every reason for refusal has its line in the manual.
sed -n 's/^X([^"]*"\([^"]*\)",.*/\1/p' "$source/include/confbox/refusal.def" | grep -v '^accepted$' >"$work/reasons"
[ -s "$work/reasons" ] || fail 'refusal.def lists no reason'
while read -r word; do
	grep -qxF ".It ${word//-/\\-}" "$source/doc/man/confbox-verify.1" ||
		fail "confbox-verify.1 lacks the reason $word"
done <"$work/reasons"

# Completion offers every option of a command.
bash -c '
	PATH=${2%/*}:$PATH
	source "$1"
	COMP_WORDS=(confbox run --me)
	COMP_CWORD=2
	_confbox
	[ "${COMPREPLY[*]}" = --memory ]' _ \
	"$work/root$prefix/share/bash-completion/completions/confbox" "$bin" ||
	fail 'completion of --me'

cp -r "$source/examples/service" "$work/service"
head -c 300000 /bin/busybox >"$work/a"
cat /usr/share/common-licenses/GPL-3 >"$work/b"
{
	echo "$work/a: $(busybox wc <"$work/a")"
	echo "$work/b: $(busybox wc <"$work/b")"
} | tr -s ' ' >"$work/expected"

try() {
	LD_LIBRARY_PATH=$libdir "$work/service/wordcount" "$work/a" "$work/b" |
		tr -s ' ' >"$work/got" || fail "$1: the service failed: $(cat "$work/got")"
	diff "$work/expected" "$work/got" || fail "$1: wrong answer"
}

export CFLAGS='-O2 -Werror'
make -s -C "$work/service" || fail 'the example does not build'
ldd "$work/service/wordcount" >"$work/ldd" || true
grep -q libconfbox.so.0 "$work/ldd" || fail 'the example is not linked to the shared library'
try shared

make -s -C "$work/service" clean
make -s -C "$work/service" LDLIBS="$(pkg-config --static --libs confbox |
	sed 's/-lconfbox/-l:libconfbox.a/')" || fail 'the example does not build statically'
try static

# A relying party links its own library alone.
cp -r "$source/examples/relying-party" "$work/relying-party"
cp "$source/examples/appraisal.json" "$work/policy.json"
head -c 32 /dev/zero >"$work/nonce"
echo 'no evidence' >"$work/nothing"

# accept EVIDENCE: what the relying party makes of it is in $work/sealed and
# $work/result, and its exit status is returned.
accept() {
	LD_LIBRARY_PATH=$libdir "$work/relying-party/accept" "$work/policy.json" "$1" "$work/nonce" \
		<"$work/b" >"$work/sealed" 2>"$work/result"
}

refuses() {
	local status=0
	accept "$2" || status=$?
	[ $status = 1 ] || fail "$1: the relying party ended with $status: $(cat "$work/result")"
	[ ! -s "$work/sealed" ] || fail "$1: something was sealed to nobody"
	grep -q "\"libconfbox.reason\": \"$3\"" "$work/result" || fail "$1: $(cat "$work/result")"
}

# Evidence of a real box, whose measurement the policy names, gets data sealed.
"$bin" attest --nonce "$(printf '0%.0s' {1..64})" --output "$work/evidence" /bin/busybox wc ||
	fail 'no evidence of a box'
printf '{ "allow": ["no-hardware"], "require": { "box.measurement": "%s" } }\n' \
	"$("$bin" measure /bin/busybox wc)" >"$work/policy-box.json"

accepts() {
	cp "$work/policy-box.json" "$work/policy.json"
	accept "$work/evidence" || fail "$1: evidence of a box was refused: $(cat "$work/result")"
	[ "$(head -c 8 "$work/sealed")" = CBXCHAN1 ] || fail "$1: no message to the box"
	[ "$(stat -c %s "$work/sealed")" -gt "$(stat -c %s "$work/b")" ] || fail "$1: the message is too short"
	grep -q 'GENERAL PUBLIC' "$work/b" || fail 'the data lacks what is looked for'
	! grep -q 'GENERAL PUBLIC' "$work/sealed" || fail "$1: data in the message can be read"
	sed -i 's/"[0-9a-f]\{96\}"/"00"/' "$work/policy.json"
	refuses "$1" "$work/evidence" requirement
	cp "$source/examples/appraisal.json" "$work/policy.json"
	refuses "$1" "$work/evidence" no-hardware
	refuses "$1" "$work/nothing" malformed
}

make -s -C "$work/relying-party" || fail 'the relying party does not build'
ldd "$work/relying-party/accept" >"$work/ldd" || true
grep -q libconfbox-verify.so.0 "$work/ldd" || fail 'the relying party is not linked to the shared library'
! grep -q libconfbox.so "$work/ldd" || fail 'the relying party needs libconfbox'
accepts shared
make -s -C "$work/relying-party" clean
make -s -C "$work/relying-party" LDLIBS="$(pkg-config --static --libs confbox-verify |
	sed 's/-lconfbox-verify/-l:libconfbox-verify.a/')" || fail 'the relying party does not build statically'
accepts static

cp -r "$source/examples/wordcount-service" "$work/"
make -s -C "$work/wordcount-service" || fail 'the service example does not build'
echo 'installed, built twice, same answers'
