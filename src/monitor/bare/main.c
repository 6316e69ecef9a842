/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor on a machine of its own. */
#include <arch/x86_64/boot.h>
#include <arch/x86_64/cpu.h>
#include <core/gate.h>
#include <monitor/keeper.h>
#include <monitor/loop.h>

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	(void)boot;
	cbx_core_init((struct cbx_page *)CBX_PAGES_VA);
	if (cbx_monitor_keeper_start(&cbx_keeper_image) != CBX_OK) {
		cbx_hal_panic("cannot start the keeper", __FILE__, __LINE__);
	}
	if (cbx_monitor_run(cbx_hal_cpu())) {
		cbx_hal_panic("the host crashed", __FILE__, __LINE__);
	}
	cbx_x86_stop();
}
