/* SPDX-License-Identifier: Apache-2.0 */
#include "gates.h"

#include <arch/x86_64/boot.h>
#include <arch/x86_64/console.h>
#include <arch/x86_64/cpu.h>
#include <base/string.h>
#include <monitor/keeper.h>

#include "support/bare/exit.h"

static struct cbx_reply last;
static uint64_t first_page;

static void find_pages(void)
{
	struct cbx_hal_region region;
	uint64_t most = 0;

	for (uint32_t i = 0; cbx_hal_memory(i, &region); i++) {
		if (region.kind == CBX_HAL_RAM && region.count > most) {
			most = region.count;
			first_page = region.first.n;
		}
	}
}

void test_start(void)
{
	cbx_core_init((struct cbx_page *)CBX_PAGES_VA);
	CHECK(cbx_monitor_keeper_start(&cbx_keeper_image) == CBX_OK);
	find_pages();
}

/* A test that wants the other CPUs has a function of its own. */
__attribute__((weak)) _Noreturn void cbx_x86_main_other(uint32_t cpu)
{
	(void)cpu;
	cbx_x86_stop();
}

uint64_t test_pages(void)
{
	return first_page;
}

enum cbx_status test_gate(
	enum cbx_call_id id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_call call = { .id = id };

	memcpy(call.arg, arg, sizeof(call.arg));
	do {
		cbx_gate_host(&call, &last);
	} while (last.status == CBX_E_BUSY);
	return (enum cbx_status)last.status;
}

uint64_t test_ret(uint32_t i)
{
	return last.ret[i];
}

void test_fill(uint64_t pfn, uint64_t offset, const void *from, uint64_t bytes)
{
	uint8_t *page = cbx_hal_page_map((struct cbx_pfn){ pfn });

	memcpy(page + offset, from, bytes);
	cbx_hal_page_unmap(page);
}

void test_read(uint64_t pfn, uint64_t offset, void *to, uint64_t bytes)
{
	const uint8_t *page = cbx_hal_page_map((struct cbx_pfn){ pfn });

	memcpy(to, page + offset, bytes);
	cbx_hal_page_unmap(page);
}

void test_say_hex(const char *name, const void *bytes, uint64_t count)
{
	const uint8_t *byte = bytes;

	cbx_x86_console_put(name);
	cbx_x86_console_put(" ");
	for (uint64_t i = 0; i < count; i++) {
		const char pair[3] = { "0123456789abcdef"[byte[i] >> 4],
			"0123456789abcdef"[byte[i] & 15], '\0' };

		cbx_x86_console_put(pair);
	}
	cbx_x86_console_line("");
}

void test_say_number(const char *name, uint64_t value)
{
	char digits[21] = { 0 };
	uint32_t at = sizeof(digits) - 1;

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	cbx_x86_console_put(name);
	cbx_x86_console_put(" ");
	cbx_x86_console_line(digits + at);
}

_Noreturn void test_fail(const char *what, int line)
{
	test_say_number("status", last.status);
	cbx_hal_panic(what, "test", line);
}

_Noreturn void test_pass(void)
{
	cbx_x86_console_line("pass");
	bare_exit(EXIT_GOOD);
}
