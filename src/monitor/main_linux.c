/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor as a Linux process. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <core/gate.h>
#include <hal/linux/machine.h>
#include <hal/linux/start.h>
#include <monitor/main_linux_image.h>
#include <monitor/keeper.h>
#include <monitor/loop.h>

static void serve(uint32_t cpu)
{
	if (cbx_monitor_run(cpu)) {
		_exit(EXIT_SUCCESS);
	}
}

/* The page table, zeros.  The core writes all of it at once: with large pages,
 * if the kernel has some, that is a few faults and not one for each page. */
static void *make_table(void)
{
	size_t bytes = cbx_core_table_bytes(cbx_hal_page_count());
	void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (table == MAP_FAILED) {
		cbx_linux_fail("no memory for the page table");
	}
	(void)madvise(table, bytes, MADV_HUGEPAGE);
	return table;
}

static void start_keeper(void)
{
	enum cbx_status status = cbx_monitor_keeper_start(&cbx_keeper_image);

	if (status == CBX_E_HARDWARE) {
		cbx_linux_fail_few("the keeper");
	}
	if (status != CBX_OK) {
		cbx_linux_fail("cannot start the keeper");
	}
}

int main(int argc, char **argv)
{
	cbx_linux_start(argc, argv);
	cbx_core_init(make_table());
	start_keeper();
	cbx_linux_do_before_evidence(cbx_monitor_measure_itself);
	cbx_linux_serve(serve);
}
