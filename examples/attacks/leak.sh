#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each way to leak ends the box: leak.sh CONFBOX LEAK
set -eu

said() {
	echo secret | "$1" run --confine --timeout 60 -- "$2" "$3" 2>/dev/null | tr '\n' ' '
}

failed=0
for how in behave system-call window gate; do
	wanted='confined '
	[ $how != behave ] || wanted='confined done '
	if [ "$(said "$1" "$2" $how)" != "$wanted" ]; then
		echo "not ok: $how"
		failed=1
	fi
done
exit $failed
