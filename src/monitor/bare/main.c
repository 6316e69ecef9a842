/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor on a machine of its own. */
#include <stdatomic.h>

#include <arch/x86_64/boot.h>
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <core/gate.h>
#include <core/keeper.h>
#include <monitor/keeper.h>
#include <monitor/loop.h>

static atomic_bool ready;

static _Noreturn void run(uint32_t cpu)
{
	if (cbx_monitor_run(cpu)) {
		cbx_hal_panic("the host crashed", __FILE__, __LINE__);
	}
	cbx_x86_stop();
}

_Noreturn void cbx_x86_main_other(uint32_t cpu)
{
	while (!atomic_load(&ready)) {
		cbx_hal_cpu_relax();
	}
	/* What the first CPU changed in the tables since. */
	cbx_x86_root_load(cbx_x86_cpu()->home);
	run(cpu);
}

static void measure(const struct cbx_x86_boot *boot)
{
	enum cbx_status status = CBX_OK;

	cbx_gate_lock_take();
	if (boot->log_bytes != 0) {
		status = cbx_keeper_boot(boot->log, boot->log_bytes);
	}
	cbx_gate_lock_drop();
	if (status != CBX_OK) {
		cbx_hal_panic("cannot measure the boot", __FILE__, __LINE__);
	}
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	cbx_core_init((struct cbx_page *)CBX_PAGES_VA);
	if (cbx_monitor_keeper_start(&cbx_keeper_image) != CBX_OK) {
		cbx_hal_panic("cannot start the keeper", __FILE__, __LINE__);
	}
	measure(boot);
	atomic_store(&ready, true);
	run(cbx_hal_cpu());
}
