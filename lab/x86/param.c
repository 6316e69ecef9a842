/* SPDX-License-Identifier: Apache-2.0 */
#include "param.h"

#include "asm.h"
#include "clock.h"
#include "cpu.h"
#include "machine.h"
#include "say.h"

#define MAGIC	 0x746f6f6220786263ull /* "cbx boot" */
#define RANGES	 252
#define SELECTOR 0x510 /* the machine's, of what it tells its firmware */
#define DATA	 0x511
#define CPUS	 5

enum kind {
	KIND_RAM = 1,
	KIND_BARE = 2,
	KIND_PROGRAM = 3,
	KIND_KEPT = 4,
	KIND_TABLES = 5,
};

struct range {
	uint64_t first;
	uint32_t count;
	uint32_t kind;
};

struct param {
	uint64_t magic;
	uint32_t cpus, ranges;
	uint64_t tsc_khz;
	uint64_t registers, secrets;
	uint64_t zero[3];
	struct range range[RANGES];
};
_Static_assert(sizeof(struct param) == LAB_PAGE, "the parameter page");

static uint32_t count_cpus(void)
{
	uint32_t count;

	lab_out16(SELECTOR, CPUS);
	count = lab_in8(DATA);
	count |= (uint32_t)lab_in8(DATA) << 8;
	return count < LAB_CPUS ? count : LAB_CPUS;
}

static uint32_t kind_of(uint32_t type, bool is_valid)
{
	switch (type) {
	case LAB_E820_RAM:
	case LAB_E820_TOLD:
		return is_valid ? KIND_RAM : KIND_BARE;
	case LAB_E820_MONITOR:
		return KIND_PROGRAM;
	case LAB_E820_TABLES:
		return KIND_TABLES;
	default:
		return KIND_KEPT;
	}
}

static uint64_t up(uint64_t address)
{
	return (address + LAB_PAGE - 1) / LAB_PAGE;
}

/* A page is of the range its first byte is in; what touches is one range. */
static void add(struct param *param, const struct lab_range *r, bool is_valid)
{
	uint64_t first = up(r->start);
	uint64_t count = up(r->start + r->bytes) - first;
	uint32_t kind = kind_of(r->type, is_valid);
	struct range *last = param->range + param->ranges;

	if (count == 0 || first >= LAB_GPA_END / LAB_PAGE) {
		return;
	}
	if (param->ranges != 0 && last[-1].kind == kind &&
		last[-1].first + last[-1].count == first) {
		last[-1].count += (uint32_t)count;
		return;
	}
	LAB_ASSERT(param->ranges < RANGES);
	*last = (struct range){ first, (uint32_t)count, kind };
	param->ranges++;
}

void lab_param(uint64_t page, const struct lab_param_host *host, bool is_valid)
{
	struct param *param = (struct param *)page;

	memset(param, 0, LAB_PAGE);
	param->magic = MAGIC;
	param->cpus = count_cpus();
	param->tsc_khz = lab_clock_khz();
	param->registers = host->registers;
	param->secrets = host->secrets;
	for (uint32_t i = 0; i < lab_machine.map_count; i++) {
		add(param, &lab_machine.map[i], is_valid);
	}
}
