#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh OUTPUT.S TABLE FOLDER: an assembly file that holds the certificates
# TABLE (roots.def) names, each FOLDER/file.pem.
set -eu

folder=$(realpath "$3")
{
	printf '\t.section .rodata.cbx_roots, "a", %%progbits\n'
	sed -n 's/^X([A-Z0-9_]*, *\([a-z0-9_]*\), *"\([a-z0-9-]*\)").*/\1 \2/p' "$2" |
	while read -r name file; do
		[ -s "$folder/$file.pem" ] || { echo "embed.sh: no $file.pem" >&2; exit 1; }
		cat <<END
	.globl cbx_root_${name}_start
	.globl cbx_root_${name}_end
	.hidden cbx_root_${name}_start
	.hidden cbx_root_${name}_end
	.type cbx_root_${name}_start, %object
cbx_root_${name}_start:
	.incbin "$folder/$file.pem"
cbx_root_${name}_end:
	.size cbx_root_${name}_start, cbx_root_${name}_end - cbx_root_${name}_start
END
	done
	printf '\t.section .note.GNU-stack, "", %%progbits\n'
} > "$1"
