/* SPDX-License-Identifier: Apache-2.0 */
/* The serial port, by the hypervisor's hand; and the end. */
#include <hal/hal.h>
#include <hal/snp/insn.h>
#include <hal/snp/talk.h>

#define PORT   0x3f8
#define STATUS 5
#define IDLE   0x20u
#define TRIES  1000u

/* What the port says; 0 when the hypervisor does not do it. */
static uint64_t port(uint16_t number, bool in, uint8_t value)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_IO,
		.info1 = cbx_ghcb_io(number, 1, in),
		.field = { value },
		.fields = CBX_GHCB_RAX,
	};
	struct cbx_ghcb_answer answer;

	return cbx_snp_ask(&call, in ? CBX_GHCB_RAX : 0, &answer) == CBX_OK
		       ? answer.field[0]
		       : 0;
}

/* A port that is never idle loses what is written. */
static void put(const char *text)
{
	for (; *text != '\0'; text++) {
		for (uint32_t i = 0; i < TRIES; i++) {
			if ((port(PORT + STATUS, true, 0) & IDLE) != 0) {
				break;
			}
		}
		(void)port(PORT, false, (uint8_t)*text);
	}
}

void cbx_hal_log(const char *text)
{
	if (cbx_snp_ghcb()->page != NULL) {
		put(text);
		put("\r\n");
	}
}

/* Asked again should it go on. */
static _Noreturn void end(enum cbx_ghcb_reason reason)
{
	for (;;) {
		(void)cbx_snp_exchange(cbx_ghcb_ask_end(reason));
	}
}

_Noreturn void cbx_snp_refuse(const char *why)
{
	cbx_hal_log(why);
	end(CBX_GHCB_REFUSED);
}

_Noreturn void cbx_hal_panic(const char *what, const char *file, int line)
{
	char digits[12] = { 0 };
	uint32_t at = sizeof(digits) - 1;

	for (; line > 0 && at > 0; line /= 10) {
		digits[--at] = (char)('0' + line % 10);
	}
	if (cbx_snp_ghcb()->page != NULL) {
		cbx_snp_stop_others();
		put("panic: ");
		put(what);
		put(" at ");
		put(file);
		put(":");
		cbx_hal_log(digits + at);
	}
	end(CBX_GHCB_PANIC);
}
