/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel for tests: it runs as the host beside the monitor, tries what a
 * host may and may not do, and says a line for each case. */
#ifndef TESTS_HOST_HOST_H
#define TESTS_HOST_HOST_H

#include <hal/pks-vm/host.h>
#include <hal/pks-vm/pure/table.h>

/** start.S: make a gate call; the reply is the monitor's, until the next. */
const struct cbx_reply *host_gate(const struct cbx_call *call);

/** start.S: touch, call, jump; whether there was a trap, told by host_last. */
int probe_read(uint64_t va, uint64_t *value);
int probe_write(uint64_t va, uint64_t value);
int probe_call(uint64_t va);
int probe_jump(uint64_t va, uint64_t rax, uint64_t rcx);
int probe_user(uint64_t va, uint64_t rsp, uint64_t rflags);
int probe_ret(uint64_t va);
int probe_lret(uint64_t va);
int probe_iret(uint64_t va);
int probe_int3(void);
int probe_ud(void);
int probe_syscall(void);

/** Steps to go on with after #DB; when not 0, probe_jump sets TF. */
extern uint64_t host_steps;

/** The last trap. */
extern struct cbx_pks_trap host_last;

/** Make a gate call with six arguments. */
struct cbx_reply host_call(uint64_t id, const uint64_t arg[CBX_CALL_ARGS]);
#define CALL(id, ...) \
	host_call(id, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })
#define STATUS(...) ((enum cbx_status)CALL(__VA_ARGS__).status)

/** Whether a page fault with these error bits (and perhaps reserved ones) was
 * the last trap. */
bool host_faulted(uint64_t cr2, uint64_t error);

/** A page of RAM that nobody uses; a new one each time. */
uint64_t host_page(void);
#define DIRECT(pfn) (CBX_DIRECT_VA + ((uint64_t)(pfn) << CBX_PAGE_SHIFT))

/** A line on the console. */
void host_say(const char *text);

/** End the emulator. */
_Noreturn void host_exit(uint32_t status);

/** A case: NULL, or what went wrong. */
struct host_case {
	const char *name;
	const char *(*run)(void);
};
extern const struct host_case host_cases[];
extern const uint32_t host_case_count;

#define WANT(condition)                    \
	do {                               \
		if (!(condition)) {        \
			return #condition; \
		}                          \
	} while (0)

#endif
