#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh OUTPUT.S MONITOR RUNTIME: an assembly file that holds both programs;
# MONITOR may be "-", none.
set -eu

blob()
{
	bytes=
	[ -z "$2" ] || bytes=".incbin \"$2\""
	cat <<END
	.balign 4096
	.globl cbx_embed_$1_start
	.globl cbx_embed_$1_end
	.hidden cbx_embed_$1_start
	.hidden cbx_embed_$1_end
	.type cbx_embed_$1_start, @object
cbx_embed_$1_start:
	$bytes
cbx_embed_$1_end:
	.size cbx_embed_$1_start, cbx_embed_$1_end - cbx_embed_$1_start
END
}

{
	printf '\t.section .rodata.cbx_embed, "a", @progbits\n'
	blob monitor "$([ "$2" = - ] || realpath "$2")"
	blob runtime "$(realpath "$3")"
	printf '\t.section .note.GNU-stack, "", @progbits\n'
} > "$1"
