/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/snp/pure/msr.h>

#define CODE	   0xfffull
#define REST_SHIFT 12
#define NONE	   (~0ull >> REST_SHIFT)
#define PFN	   0xffffffffffull

/* An answer's code is its request's and one, but for INFO's. */
enum code {
	INFO_ANSWER = 0x001,
	REGISTER = 0x012,
	STATE = 0x014,
	RUN = 0x016,
	END = 0x100,
};

#define PRIVATE	    1ull
#define SHARED	    2ull
#define STATE_SHIFT 52
#define VMPL_SHIFT  32
#define ERROR_SHIFT 32

uint64_t cbx_ghcb_ask_register(struct cbx_pfn pfn)
{
	return pfn.n << REST_SHIFT | REGISTER;
}

uint64_t cbx_ghcb_ask_state(struct cbx_pfn pfn, bool shared)
{
	return (shared ? SHARED : PRIVATE) << STATE_SHIFT |
	       (pfn.n & PFN) << REST_SHIFT | STATE;
}

uint64_t cbx_ghcb_ask_run(uint8_t vmpl)
{
	return (uint64_t)vmpl << VMPL_SHIFT | RUN;
}

uint64_t cbx_ghcb_ask_end(enum cbx_ghcb_reason reason)
{
	return (uint64_t)reason << 16 | (uint64_t)CBX_GHCB_SET << 12 | END;
}

bool cbx_ghcb_info(uint64_t answer, uint8_t *c_bit)
{
	uint64_t most = answer >> 48;
	uint64_t least = answer >> 32 & 0xffff;
	uint8_t bit = (uint8_t)(answer >> 24);

	if ((answer & 0xffffff) != INFO_ANSWER || least > CBX_GHCB_VERSION ||
		most < CBX_GHCB_VERSION || bit < 32 || bit > 51) {
		return false;
	}
	*c_bit = bit;
	return true;
}

enum cbx_status cbx_ghcb_registered(uint64_t answer, struct cbx_pfn pfn)
{
	uint64_t echo = answer >> REST_SHIFT;

	if ((answer & CODE) != REGISTER + 1) {
		return CBX_E_INVALID;
	}
	if (echo == NONE) {
		return CBX_E_HARDWARE;
	}
	return echo == pfn.n ? CBX_OK : CBX_E_INVALID;
}

/* An error above, and nothing between it and the code. */
static enum cbx_status check(uint64_t answer, uint64_t code)
{
	if ((answer & 0xffffffff) != code) {
		return CBX_E_INVALID;
	}
	return answer >> ERROR_SHIFT == 0 ? CBX_OK : CBX_E_HARDWARE;
}

enum cbx_status cbx_ghcb_state_set(uint64_t answer)
{
	return check(answer, STATE + 1);
}

enum cbx_status cbx_ghcb_ran(uint64_t answer)
{
	return check(answer, RUN + 1);
}

bool cbx_ghcb_features(uint64_t answer, uint64_t *features)
{
	if ((answer & CODE) != CBX_GHCB_ASK_FEATURES + 1) {
		return false;
	}
	*features = answer >> REST_SHIFT;
	return true;
}
