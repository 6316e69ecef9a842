/* SPDX-License-Identifier: Apache-2.0 */
/* A second processor: it starts by the host's word on a VMSA, and no other way. */
#include "../asm.h"
#include "ghcb.h"
#include "guest.h"

#define VMSA	   (1ull << 16 | 1)
#define IN_USE	   3u
#define OTHER	   (1ull << 32) /* its APIC's number, in SW_EXITINFO1 */
#define PATIENCE   100000000ull
#define TURNS	   3000000ull
#define WAITS	   100ull
#define TIMES	   200ull
#define MOMENTS	   1000ull
#define ICR	   0x300
#define ICR_HIGH   0x310
#define ICR_INIT   0x4500u
#define ICR_SIPI   0x4610u /* at 64 KiB */
#define SIPI_PLACE 0x10000ull

static struct guest_vmsa other __attribute__((aligned(4096)));
static struct guest_vmsa second __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(4096)));
static volatile uint64_t beats;
static volatile uint64_t request = LAB_GHCB_INFO;

/* What it does: counts, and exits each time. */
static _Noreturn void run_other(void)
{
	for (;;) {
		beats++;
		guest_exchange(request);
	}
}

static uint64_t create(uint64_t where, struct guest_vmsa *vmsa)
{
	return guest_create_processor(where | LAB_AP_NOW, vmsa, LAB_FEATURES);
}

static void make_registers(struct lab_save *save)
{
	guest_make_registers(save);
	save->rip = (uint64_t)run_other;
	save->rsp = (uint64_t)stack + sizeof(stack) - 8;
}

static bool it_counts(void)
{
	uint64_t before = beats;

	for (uint64_t i = 0; i < PATIENCE; i++) {
		if (beats > before + 2) {
			return true;
		}
		lab_pause();
	}
	return false;
}

bool guest_cpu_needs_a_vmsa(void)
{
	make_registers(&other.save);
	return create(OTHER, &other) == LAB_NAE_INVALID && beats == 0;
}

bool guest_cpu_starts_where_its_vmsa_says(void)
{
	return guest_rmpadjust((uint64_t)&other, VMSA) == 0 &&
	       create(OTHER | 1 << 16, &other) == LAB_NAE_INVALID &&
	       create(7ull << 32, &other) == LAB_NAE_INVALID && beats == 0 &&
	       create(OTHER, &other) == 0 && it_counts();
}

bool guest_cpu_is_not_created_twice(void)
{
	make_registers(&second.save);
	return guest_rmpadjust((uint64_t)&second, VMSA) == 0 &&
	       create(OTHER, &other) == LAB_NAE_INVALID &&
	       create(OTHER, &second) == LAB_NAE_INVALID && it_counts();
}

bool guest_cpu_has_its_vmsa_to_itself(void)
{
	return guest_rmpadjust((uint64_t)&other, 1) == IN_USE &&
	       guest_pvalidate((uint64_t)&other, false, false).code == IN_USE &&
	       create(0, &other) == LAB_NAE_INVALID && it_counts();
}

/* Time in which a processor that runs would count. */
static void wait(void)
{
	for (uint64_t i = 0; i < TURNS; i++) {
		lab_pause();
	}
}

bool guest_cpu_stops_without_svme(void)
{
	volatile uint64_t *efer = &other.save.efer;
	uint64_t before = beats;

	for (uint64_t i = 0; beats == before && i < WAITS; i++) {
		wait(); /* until that is long enough */
	}
	if (beats == before) {
		return false;
	}
	*efer &= ~LAB_EFER_SVME;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	before = beats;
	wait();
	if (beats > before + 1) {
		return false; /* it had begun one more, perhaps */
	}
	*efer |= LAB_EFER_SVME;
	return it_counts();
}

/* Whenever that is said, also while its registers are written. */
bool guest_cpu_stops_each_time(void)
{
	volatile uint64_t *efer = &other.save.efer;

	for (uint64_t i = 0; i < TIMES; i++) {
		if (!it_counts()) {
			return false;
		}
		for (uint64_t j = 0; j < i % MOMENTS; j++) {
			(void)*efer;
		}
		*efer &= ~LAB_EFER_SVME;
		for (uint64_t j = 0; j < MOMENTS; j++) {
			if ((*efer & LAB_EFER_SVME) != 0) {
				return false;
			}
		}
		*efer |= LAB_EFER_SVME;
	}
	return it_counts();
}

static bool store(uint64_t offset, uint32_t value)
{
	return guest_device_write(GUEST_APIC + offset, sizeof(value), value) ==
	       0;
}

/* Code that would say so, where SIPI would start it. */
bool guest_cpu_is_started_by_no_sipi(void)
{
	volatile uint64_t *place = (volatile uint64_t *)SIPI_PLACE;

	if (guest_pvalidate(SIPI_PLACE, false, true).code != 0) {
		return false;
	}
	*place = 0xfeebfeebfeebfeeb; /* for ever */
	return store(ICR_HIGH, 1u << 24) && store(ICR, ICR_INIT) &&
	       store(ICR, ICR_SIPI) && store(ICR, ICR_SIPI) && it_counts();
}

/* Its page is then no longer in use, and it comes back by another one only. */
bool guest_cpu_holds_until_it_is_created_again(void)
{
	uint64_t before;

	request = LAB_GHCB_HOLD;
	for (uint64_t i = 0; guest_rmpadjust((uint64_t)&other, 1) != 0; i++) {
		if (i == PATIENCE / 100) {
			return false;
		}
		lab_pause();
	}
	before = beats;
	wait();
	if (beats != before) {
		return false;
	}
	request = LAB_GHCB_INFO;
	wait();
	return beats == before && create(OTHER, &other) == LAB_NAE_INVALID &&
	       create(OTHER, &second) == 0 && it_counts();
}
