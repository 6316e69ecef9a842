# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the scripts share: messages, the Debian packages each task needs, how a
# build is configured.  Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD=${BUILD:-$ROOT/build}
JOBS=${JOBS:-$(nproc)}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

if [ -t 1 ]; then
	BOLD=$(printf '\033[1m') RED=$(printf '\033[31m') GREEN=$(printf '\033[32m')
	PLAIN=$(printf '\033[0m')
else
	BOLD='' RED='' GREEN='' PLAIN=''
fi

# A line of news; the beginning of a step; the end of everything.
say() { printf '%s\n' "$*"; }
step() { printf '%s== %s%s\n' "$BOLD" "$*" "$PLAIN"; }
good() { printf '%s%s%s\n' "$GREEN" "$*" "$PLAIN"; }
bad() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN"; }
fail() {
	printf '%s%s: %s%s\n' "$RED" "${0##*/}" "$*" "$PLAIN" >&2
	exit 1
}

# Packages, one a line: name, then what it is for.
PACKAGES_BUILD='
gcc compiles everything
libc6-dev C library, static too: the monitor and the keeper are static programs
meson configures the build
ninja-build runs the build
pkg-config finds libraries
libjansson-dev policy files, OCI images
libmbedtls-dev SHA-384 in the keeper and in confbox measure
libarchive-dev root file systems from tar archives
libcbor-dev evidence and tokens are CBOR
linux-libc-dev how to ask Linux for an SNP report
libcmocka-dev the unit tests, which are built with everything else
python3 makes a few files during the build
'
PACKAGES_DEMO='
busybox-static the unmodified program the demo runs in a box
'
PACKAGES_LAB='
busybox-static the first program of the Linux beside the monitor
libelf1 what the driver is built with needs it
make builds the driver
qemu-system-x86 the machine of the pks-vm and snp backends
'
PACKAGES_TEST='
busybox-static programs the system tests run in boxes
gdb looks into a box
dkms builds the driver for a kernel
linux-source-6.1 has checkpatch, which looks at the style of the driver
gawk the system tests run it in a box, as the following
bzip2 compression
gron a static program of Go
imagemagick pictures
jq JSON
libelf1 what modules of kernels are built with needs it
mawk another awk
libpython3.11-testsuite the tests python brings along
openssl digests, ciphers, keys
perl a language
redis-server a server and its clients
ripgrep a program of Rust
sparse checks the driver for mistakes
sqlite3 databases
stress-ng its stressors run in a box and outside
xz-utils compression
zstd compression
bash-static a larger program the system tests run in boxes
clang the second compiler, and the fuzzer
libclang-rt-14-dev sanitizers and libFuzzer for clang
clang-format checks the layout of the code
clang-tidy checks the code for mistakes
gcovr prints the coverage of the core
binutils looks into the core archive
codespell checks the spelling
g++ builds the Bochs emulator from its source
grub-common makes disks the pks-vm image boots from
grub-pc-bin the boot loader on them
make builds the driver, and the example out of tree
qemu-system-x86 the machine the pks-vm backend is tested on
shellcheck checks these scripts
valgrind counts instructions
xorriso writes them
'
PACKAGES_BENCH_PKS='
qemu-system-x86 the machine the pks-vm backend is measured on
'
PACKAGES_BENCH='
busybox-static the program that is measured
valgrind counts instructions
bubblewrap a namespace sandbox to compare with
runsc gVisor, to compare with
'
PACKAGES_BENCH_VERIFY='
openssl what its checks of signatures take
'
PACKAGES_BENCH_APPS='
openssl ciphers, digests, signatures
sqlite3 a database
python3 a language
zstd compression
imagemagick pictures
redis-server a server and its clients
'

installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The mirror this machine's own packages come from; nothing when it has none.
mirror() {
	# shellcheck disable=SC1091,SC2016
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' 2>/dev/null |
		awk -v release="$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")" \
			'$2 == release && $1 ~ /\/debian\/?$/ { print $1; exit }'
}

# private_apt FOLDER SUITE TYPES: FOLDER/apt.conf, for APT_CONFIG: lists, archives
# and one suite's sources of its own.  Status 1 without a mirror.
private_apt() {
	local work=$1 suite=$2 uri
	uri=$(mirror)
	[ -n "$uri" ] || return 1
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/sources"
	cat >"$work/sources/$suite.sources" <<-END
		Types: $3
		URIs: $uri
		Suites: $suite
		Components: main
		Signed-By: $KEYRING
	END
	cat >"$work/apt.conf" <<-END
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$work/sources";
		Dir::State::Lists "$work/lists";
		Dir::Cache "$work/cache";
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
		Acquire::http::Timeout "20";
	END
}

# alone FOLDER: until this script ends, no other one that asks for it works there.
alone() {
	mkdir -p "$1"
	exec {alone}>"$1/lock"
	flock "$alone"
}

# Run as root: directly, or by a sudo that does not ask.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

apt_install() {
	as_root apt-get -qq -y --no-install-recommends \
		-o DPkg::Lock::Timeout=120 install "$@" </dev/null
}

# need_packages LIST...: install what is missing of the lists, or say how.
need_packages() {
	local name why missing=()

	if ! command -v dpkg-query >/dev/null; then
		say "This is no Debian system: assuming that what is needed is there."
		return
	fi
	while read -r name why; do
		if [ -z "$name" ] || installed "$name"; then
			continue
		fi
		case " ${missing[*]} " in *" $name "*) continue ;; esac
		[ ${#missing[@]} -gt 0 ] || say 'Debian packages that are missing:'
		printf '  %-20s %s\n' "$name" "$why"
		missing+=("$name")
	done <<<"$(printf '%s\n' "$@")"
	[ ${#missing[@]} -gt 0 ] || return 0

	local by_hand="apt-get install --no-install-recommends ${missing[*]}"
	if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
		fail "cannot install packages: not root, and sudo is missing or asks
for a password. As root, run:
  $by_hand
and start this again."
	fi
	say 'Installing them.'
	local log
	log=$(mktemp)
	if ! apt_install "${missing[@]}" >"$log" 2>&1; then
		# An empty or old package list is the usual reason.
		if ! { as_root apt-get -qq update && apt_install "${missing[@]}"; } \
			>>"$log" 2>&1 </dev/null; then
			tail -n 5 "$log" >&2
			rm -f "$log"
			fail "could not install packages. As root, run:
  apt-get update && $by_hand
and start this again."
		fi
	fi
	rm -f "$log"
}

# quietly LOG COMMAND...: run it; show its output only when it fails.
quietly() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 40 "$log" >&2
		fail "failed: $* (all output: $log)"
	fi
}

# configure NAME OPTION...: the build folder build/NAME, made once and again
# when the options or the place of the sources changed.
configure() {
	local folder=$BUILD/$1 wanted="$ROOT ${CC:-} $*"
	shift
	if [ -f "$folder/build.ninja" ] &&
		[ "$(cat "$folder/.options" 2>/dev/null)" = "$wanted" ]; then
		return
	fi
	rm -rf "$folder"
	quietly "$BUILD/log/${folder##*/}.setup" meson setup "$folder" "$ROOT" "$@"
	printf '%s\n' "$wanted" >"$folder/.options"
}

# compile NAME [TARGET...]: build what was configured.
compile() {
	local name=$1
	shift
	quietly "$BUILD/log/$name.compile" ninja -C "$BUILD/$name" -j "$JOBS" "$@"
}

# The seconds since $1, a value of $EPOCHREALTIME, with one decimal.
since() {
	awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}
