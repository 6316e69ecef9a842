/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts about the machine.  A backend's are constants, and hal.h says so;
 * a test wants machines that differ.  So this file does not include hal.h and
 * defines the object behind its const declaration as writable; nobody reads
 * it twice in one function across mock_boot.
 */
#include <base/types.h>

struct mock_caps {
	uint64_t bits;
	enum cbx_backend backend;
};
extern struct mock_caps cbx_hal_caps;
struct mock_caps cbx_hal_caps = { 0, CBX_BACKEND_MOCK };

uint64_t mock_caps_bits(uint64_t bits);

uint64_t mock_caps_bits(uint64_t bits)
{
	return cbx_hal_caps.bits = bits;
}
