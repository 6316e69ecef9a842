/* SPDX-License-Identifier: Apache-2.0 */
#include "npt.h"

#include "machine.h"
#include "say.h"
#include "svm.h"

#define PRESENT 0x1ull
#define WRITE	0x2ull
#define USER	0x4ull
#define LARGE	0x80ull
#define NX	(1ull << 63)
#define ADDRESS 0x000ffffffffff000ull
#define LINK	(PRESENT | WRITE | USER)

#define LARGE_BYTES 0x200000ull
#define HUGE_BYTES  0x40000000ull
#define MEMORY_END  0x100000000ull

struct npt {
	uint64_t *root;
	uint64_t generation;
	bool blind;
};

static struct npt npts[LAB_NPTS];

void lab_npt_start(void)
{
	for (uint8_t i = 0; i < LAB_NPTS; i++) {
		npts[i] = (struct npt){ .root = lab_page(),
			.generation = 1,
			.blind = i >= SNP_VMPLS };
	}
}

void lab_npt_set_blind(uint8_t vmpl, bool blind)
{
	npts[vmpl].blind = blind;
}

bool lab_npt_is_blind(uint8_t vmpl)
{
	return npts[vmpl].blind;
}

uint64_t lab_npt_root(uint8_t npt)
{
	return (uint64_t)npts[npt].root;
}

uint64_t lab_npt_generation(uint8_t npt)
{
	return npts[npt].generation;
}

/* Devices: a level that knows of no host has them to itself, any other asks. */
static uint8_t device_rights(uint8_t vmpl, uint64_t gpa, bool shared)
{
	if (!npts[vmpl].blind) {
		return shared ? 0
		       : lab_is_tables(gpa)
			       ? SNP_NESTED_PRESENT | SNP_NESTED_WRITE
		       : lab_is_rom(gpa) ? SNP_NESTED_PRESENT
					 : 0;
	}
	return gpa == LAB_LAPIC ? SNP_NESTED_PRESENT /* writes are looked at */
				: SNP_NESTED_PRESENT | SNP_NESTED_WRITE;
}

/* The most a level may do at an address: enum snp_nested. */
static uint8_t rights(uint8_t npt, uint64_t address)
{
	const struct snp_cpu cpu = { .asid = LAB_ASID,
		.vmpl = npt % SNP_VMPLS };
	uint64_t gpa = address & ~LAB_C & ~(LAB_PAGE - 1);
	bool shared = (address & LAB_C) == 0 && !npts[npt].blind;

	if (lab_is_ram(gpa)) {
		return snp_rmp_nested(&lab_machine.rmp, cpu,
			(struct snp_at){ gpa, gpa }, shared);
	}
	return device_rights(cpu.vmpl, gpa, shared);
}

static uint64_t make_entry(uint64_t gpa, uint8_t allowed, bool large)
{
	if ((allowed & SNP_NESTED_PRESENT) == 0) {
		return 0;
	}
	return gpa | PRESENT | USER | (large ? LARGE : 0) |
	       ((allowed & SNP_NESTED_WRITE) != 0 ? WRITE : 0) |
	       ((allowed & SNP_NESTED_EXEC) != 0 ? 0 : NX);
}

/* The table below an entry; made when there is none and @p make. */
static uint64_t *below(uint64_t *entry, bool make)
{
	if ((*entry & LARGE) != 0 || (*entry == 0 && !make)) {
		return NULL;
	}
	if (*entry == 0) {
		*entry = (uint64_t)lab_page() | LINK;
	}
	return (uint64_t *)(*entry & ADDRESS);
}

static uint64_t index_of(uint64_t address, int shift)
{
	return address >> shift & 511;
}

static bool is_uniform(uint8_t npt, uint64_t from, uint8_t allowed)
{
	for (uint64_t at = from; at < from + LARGE_BYTES; at += LAB_PAGE) {
		if (rights(npt, at) != allowed) {
			return false;
		}
	}
	return true;
}

/* The page at an address, in tables down to its size. */
static void put_page(uint8_t npt, uint64_t address, uint8_t allowed)
{
	uint64_t *at = below(&npts[npt].root[index_of(address, 39)], true);

	at = below(at + index_of(address, 30), true) + index_of(address, 21);
	if ((*at & LARGE) != 0) {
		*at = 0;
		npts[npt].generation++;
	}
	at = below(at, true) + index_of(address, 12);
	*at = make_entry(address & ~LAB_C & ~(LAB_PAGE - 1), allowed, false);
}

bool lab_npt_fill(uint8_t npt, uint64_t address, uint8_t need)
{
	uint64_t gpa = address & ~LAB_C;
	uint8_t allowed = rights(npt, address);
	uint64_t large = address & ~(LARGE_BYTES - 1);
	uint64_t *at;

	if (gpa >= LAB_GPA_END || (allowed & need) != need) {
		return false;
	}
	at = below(&npts[npt].root[index_of(address, 39)], true);
	at += index_of(address, 30);
	if (gpa >= MEMORY_END) {
		*at = make_entry(gpa & ~(HUGE_BYTES - 1), allowed, true);
		return true;
	}
	at = below(at, true) + index_of(address, 21);
	/* A page of 2 MiB never replaces a table: each is made once. */
	if ((*at & (PRESENT | LARGE)) != PRESENT &&
		is_uniform(npt, large, allowed)) {
		*at = make_entry(large & ~LAB_C, allowed, true);
		return true;
	}
	put_page(npt, address, allowed);
	return true;
}

bool lab_npt_fill_walk(uint8_t npt, uint64_t address)
{
	const uint8_t need = SNP_NESTED_PRESENT | SNP_NESTED_WRITE;
	uint64_t gpa = address & ~LAB_C;

	if (gpa >= MEMORY_END || !lab_is_ram(gpa) ||
		(rights(npt, gpa | LAB_C) & need) != need) {
		return false;
	}
	put_page(npt, address, need);
	return true;
}

bool lab_npt_allows(uint8_t npt, uint64_t address, uint8_t need)
{
	return (address & ~LAB_C) < LAB_GPA_END &&
	       (rights(npt, address) & need) == need;
}

static void drop_page(uint8_t npt, uint64_t address)
{
	uint64_t *at = &npts[npt].root[index_of(address, 39)];

	for (int shift = 30; shift >= 12; shift -= 9) {
		uint64_t *table = below(at, false);

		if (table == NULL) {
			break;
		}
		at = &table[index_of(address, shift)];
	}
	/* a page, of whatever size: what ends the walk */
	*at = 0;
}

void lab_npt_drop(uint64_t gpa, uint64_t bytes)
{
	for (uint8_t npt = 0; npt < LAB_NPTS; npt++) {
		for (uint64_t at = gpa; at < gpa + bytes; at += LAB_PAGE) {
			drop_page(npt, at);
			drop_page(npt, at | LAB_C);
		}
		npts[npt].generation++;
	}
}
