/* SPDX-License-Identifier: Apache-2.0 */
/* Packets to and from the debugger: $content#sum, each acknowledged by "+". */
#include "debug_int.h"

#include "forward.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"

#define INTERRUPT      '\x03'
#define FOREVER_NS     1000000000000ull
#define ACKNOWLEDGE_NS 2000000000ull

static struct {
	struct cbx_forward block;
	uint8_t bytes[CBX_DEBUG_PACKET + 8];
} out;

static struct {
	uint8_t bytes[2 * CBX_DEBUG_PACKET];
	uint64_t count;
} in;

static char packet[CBX_DEBUG_PACKET + 1];
static bool busy; /* a call is under way */

static const char digits[] = "0123456789abcdef";

void cbx_debug_put(struct cbx_debug_text *text, const char *what)
{
	uint64_t bytes = cbx_min(strlen(what), sizeof(text->at) - text->bytes);

	memcpy(text->at + text->bytes, what, bytes);
	text->bytes += bytes;
}

void cbx_debug_put_hex(struct cbx_debug_text *text, uint64_t number)
{
	char digit[2] = { digits[number & 15], '\0' };

	if (number > 15) {
		cbx_debug_put_hex(text, number >> 4);
	}
	cbx_debug_put(text, digit);
}

void cbx_debug_put_bytes(
	struct cbx_debug_text *text, const void *from, uint64_t bytes)
{
	const uint8_t *at = from;

	for (uint64_t i = 0; i < bytes; i++) {
		char pair[3] = { digits[at[i] >> 4], digits[at[i] & 15], '\0' };

		cbx_debug_put(text, pair);
	}
}

static int digit_of(char c)
{
	for (int i = 0; i < 16; i++) {
		if (c == digits[i] ||
			(c >= 'A' && c <= 'F' && c - 'A' + 10 == i)) {
			return i;
		}
	}
	return -1;
}

uint64_t cbx_debug_number(const char **at)
{
	uint64_t number = 0;

	for (; digit_of(**at) >= 0; ++*at) {
		number = number << 4 | (uint64_t)digit_of(**at);
	}
	return number;
}

uint64_t cbx_debug_bytes(const char **at, void *to, uint64_t most)
{
	uint8_t *bytes = to;
	uint64_t count = 0;

	while (count < most && digit_of((*at)[0]) >= 0 &&
		digit_of((*at)[1]) >= 0) {
		bytes[count++] =
			(uint8_t)(digit_of((*at)[0]) << 4 | digit_of((*at)[1]));
		*at += 2;
	}
	return count;
}

bool cbx_debug_word(const char **text, const char *word)
{
	uint64_t bytes = strlen(word);

	if (strlen(*text) < bytes || memcmp(*text, word, bytes) != 0) {
		return false;
	}
	*text += bytes;
	return true;
}

/* Send what is in out, and have what comes within some time behind what is in
 * @c in.  @return false when there is nobody */
static bool call(uint64_t bytes, uint64_t wait_ns)
{
	struct cbx_gate_asked c = { .number = CBX_FORWARD_DEBUG,
		.block = &out.block,
		.payload = bytes,
		.answer = in.bytes + in.count,
		.capacity = sizeof(in.bytes) - in.count,
		.most = sizeof(in.bytes) - in.count };
	int64_t got;

	busy = true;
	out.block = (struct cbx_forward){ { wait_ns } };
	got = cbx_forward_ask(&c);
	busy = false;
	if (got < 0 || (uint64_t)got != c.got) {
		return false;
	}
	in.count += c.got;
	return true;
}

static uint64_t frame(const struct cbx_debug_text *text, uint64_t at)
{
	uint8_t sum = 0;

	out.bytes[at++] = '$';
	for (uint64_t i = 0; i < text->bytes; i++) {
		sum = (uint8_t)(sum + (uint8_t)text->at[i]);
		out.bytes[at++] = (uint8_t)text->at[i];
	}
	out.bytes[at++] = '#';
	out.bytes[at++] = (uint8_t)digits[sum >> 4];
	out.bytes[at++] = (uint8_t)digits[sum & 15];
	return at;
}

static void drop(uint64_t bytes)
{
	in.count -= bytes;
	memmove(in.bytes, in.bytes + bytes, in.count);
}

/* Take the first packet there is; whatever is between packets is nothing. */
static bool take_packet(void)
{
	uint64_t start = 0;
	uint64_t end;

	while (start < in.count && in.bytes[start] != '$') {
		start++;
	}
	drop(start);
	end = 1;
	while (end < in.count && in.bytes[end] != '#') {
		end++;
	}
	if (in.count < 3 || end > in.count - 3) {
		if (in.count == sizeof(in.bytes)) {
			in.count = 0; /* longer than was told */
		}
		return false;
	}
	start = cbx_min(end - 1, CBX_DEBUG_PACKET);
	memcpy(packet, in.bytes + 1, start);
	packet[start] = '\0';
	drop(end + 3);
	return true;
}

const char *cbx_debug_exchange(const struct cbx_debug_text *text)
{
	uint64_t bytes = text == NULL ? 0 : frame(text, 0);

	while (!take_packet()) {
		if (!call(bytes, FOREVER_NS)) {
			return NULL;
		}
		bytes = 0;
	}
	out.bytes[0] = '+';
	return call(1, 0) ? packet : NULL;
}

void cbx_debug_send(const struct cbx_debug_text *text)
{
	in.count = 0;
	(void)call(frame(text, 0), ACKNOWLEDGE_NS);
}

bool cbx_debug_interrupted(bool *gone)
{
	*gone = false;
	if (busy) {
		return false;
	}
	*gone = !call(0, 0);
	for (uint64_t i = 0; i < in.count; i++) {
		if (in.bytes[i] == INTERRUPT) {
			in.count = 0;
			return true;
		}
	}
	return false;
}
