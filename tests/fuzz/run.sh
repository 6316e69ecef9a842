#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run one fuzz target for a while.
#
#   run.sh TARGET SEEDS DEFAULT_SECONDS [libFuzzer options]
#
# CBX_FUZZ_SECONDS overrides the default. New inputs go to a folder of their
# own, removed at the end; the seeds are only read. An input that crashes the
# target stays as crash-* in the current folder.
set -eu

target=$1
seeds=$2
seconds=${CBX_FUZZ_SECONDS:-$3}
shift 3

# clang 14's sanitizers lose their way where addresses are more random than they
# know.
if setarch -R true 2>/dev/null; then
	same='setarch -R'
else
	same=''
fi

found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
trap 'exit 130' INT TERM

# shellcheck disable=SC2086 # two words, or none
$same "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
	-print_final_stats=1 "$@" "$found" "$seeds" 2>"$found.log" || {
	status=$?
	tail -n 60 "$found.log" >&2
	rm -f "$found.log"
	exit "$status"
}
grep -E '^(stat::number_of_executed_units|stat::peak_rss_mb|Done)|cov: ' "$found.log" | tail -n 4
rm -f "$found.log"
