/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's backend: linux, this process being the monitor. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <hal/linux/space.h>
#include <hal/linux/start.h>

#include "conform/contract.h"
#include "support/ask.h"

#define PAGES "65536"

int contract_up(void **state)
{
	static bool started;
	char name[] = "test";
	char pages[] = PAGES;
	char *argv[] = { name, pages, NULL };
	int fd[2];

	(void)state;
	if (started) {
		return 0;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	if (fd[1] != 3) {
		assert_int_equal(dup2(fd[1], 3), 3);
	}
	cbx_linux_start(2, argv);
	contract_pages_from(1);
	started = true;
	return 0;
}

int contract_down(void **state)
{
	(void)state;
	assert_int_equal(cbx_linux_cpu_maps, 0);
	(void)cbx_linux_cpu_kicked(0);
	return 0;
}

void *contract_page(uint64_t pfn)
{
	return ask_place(pfn);
}

void contract_code(uint64_t pfn)
{
	for (uint64_t i = 0; i < BOXCODE_PAGES; i++) {
		ask_put(pfn + i, 0, boxcode_begin + i * CBX_PAGE_SIZE,
			CBX_PAGE_SIZE);
	}
}

bool contract_host_names_shared(void)
{
	return true;
}

bool contract_has_registers(void)
{
	return true;
}

static pthread_t kicker;
static atomic_bool kicking;

static void *kick(void *arg)
{
	(void)arg;
	while (atomic_load(&kicking)) {
		const struct timespec pause = { .tv_nsec = 200000 };

		(void)nanosleep(&pause, NULL);
		cbx_hal_cpu_kick(0);
	}
	return NULL;
}

void contract_kick(void)
{
	cbx_hal_cpu_kick(0);
}

void contract_kicks(void)
{
	atomic_store(&kicking, true);
	assert_int_equal(pthread_create(&kicker, NULL, kick, NULL), 0);
}

void contract_kicks_end(void)
{
	atomic_store(&kicking, false);
	assert_int_equal(pthread_join(kicker, NULL), 0);
	(void)cbx_linux_cpu_kicked(0);
}

bool contract_lose(struct cbx_arch_space *space)
{
	assert_int_equal(
		kill(cbx_linux_space(space)->process->pid, SIGKILL), 0);
	return true;
}
