/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include "gate.h"
#include "lib.h"

static char line[512];
static struct cbx_text text;

void cbx_message_begin(const char *words)
{
	text = (struct cbx_text){ .at = line, .size = sizeof(line) - 1 };
	cbx_text_put(&text, "confbox-runtime: ");
	cbx_text_put(&text, words);
}

void cbx_message_put(const char *words)
{
	cbx_text_put(&text, words);
}

void cbx_message_number(uint64_t number)
{
	cbx_text_put_number(&text, number);
}

void cbx_message_hex(uint64_t number)
{
	cbx_text_put(&text, "0x");
	cbx_text_put_hex(&text, number, 1);
}

void cbx_message_end(void)
{
	uint64_t bytes = cbx_min(text.used, text.size);

	line[bytes++] = '\n';
	cbx_gate_write(CBX_PORT_ERROR, (uint64_t)line, bytes);
}

void cbx_message_fatal(const char *what, const char *cause, uint64_t status)
{
	cbx_message_begin(what);
	cbx_message_put(": ");
	cbx_message_put(cause);
	cbx_message_end();
	cbx_gate_end(status);
}
