/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include <hal/hal.h>
#include <hal/snp/use.h>

struct cbx_snp_vcpu cbx_snp_vcpus[CBX_SNP_CPUS];
static atomic_flag lock = ATOMIC_FLAG_INIT;
static bool *whole_pages;

void cbx_snp_use_start(bool *whole)
{
	whole_pages = whole;
}

void cbx_snp_lock(void)
{
	while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire)) {
		cbx_hal_cpu_relax();
	}
}

void cbx_snp_unlock(void)
{
	atomic_flag_clear_explicit(&lock, memory_order_release);
}

bool cbx_snp_is_whole(struct cbx_pfn pfn)
{
	return pfn.n != 0 && whole_pages[pfn.n];
}

bool cbx_snp_is_used(struct cbx_pfn pfn, const struct cbx_snp_vcpu *but)
{
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		const struct cbx_snp_vcpu *cpu = &cbx_snp_vcpus[i];

		if (pfn.n != 0 &&
			(pfn.n == cpu->vmsa.n || pfn.n == cpu->before.n ||
				((pfn.n == cpu->area.n ||
					 pfn.n == cpu->calls.n) &&
					cpu != but))) {
			return true;
		}
	}
	return false;
}

void cbx_snp_note(struct cbx_pfn pfn, struct cbx_view view)
{
	whole_pages[pfn.n] = view.bits == CBX_VIEW_ALL;
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		if (cbx_snp_vcpus[i].closing.n == pfn.n) {
			cbx_snp_vcpus[i].closing.n = 0;
		}
	}
}
