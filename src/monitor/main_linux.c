/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor as a Linux process. */
#include <stdlib.h>
#include <unistd.h>

#include <core/gate.h>
#include <hal/linux/machine.h>
#include <hal/linux/start.h>
#include <monitor/keeper.h>
#include <monitor/loop.h>

static void serve(uint32_t cpu)
{
	if (cbx_monitor_run(cpu)) {
		_exit(EXIT_SUCCESS);
	}
}

int main(int argc, char **argv)
{
	void *table;

	cbx_linux_start(argc, argv);
	table = calloc(1, cbx_core_table_bytes(cbx_hal_page_count()));
	if (table == NULL) {
		cbx_linux_fail("no memory for the page table");
	}
	cbx_core_init(table);
	if (cbx_monitor_keeper_start(&cbx_keeper_image) != CBX_OK) {
		cbx_linux_fail("cannot start the keeper");
	}
	cbx_linux_serve(serve);
}
