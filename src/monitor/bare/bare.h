/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up of the bare-metal image: what the loader said, memory carved, the
 * real page tables.  All of it runs once, on the first CPU, before a host.
 *
 * Until cbx_bare_run memory below 4 GiB is mapped at its own address.
 */
#ifndef CBX_MONITOR_BARE_BARE_H
#define CBX_MONITOR_BARE_BARE_H

#include <arch/x86_64/boot.h>

/** Linker symbols: addresses, and numbers in the form of addresses. */
extern const uint8_t cbx_image[];
extern const uint8_t cbx_image_text_end[];
extern const uint8_t cbx_image_rodata_end[];
extern const uint8_t cbx_image_end[];

/** The machine is not one this image can run on: say so and stop. */
_Noreturn void cbx_bare_fail(const char *why);

/** Start-up code of another CPU (boot.S): addresses below 4 GiB. */
struct cbx_bare_other {
	uint64_t code; /* runs wherever it is copied, below 1 MiB */
	uint64_t code_end;
	uint64_t root; /* a word: where the CPU that starts finds its home */
};
extern const struct cbx_bare_other cbx_bare_other;

/**
 * The other CPUs' interrupt controllers, from the ACPI tables.
 *
 * @param rsdp  address of the root pointer; 0: there are no tables
 * @param[out] id  id[most]
 * @return how many; CPUs that are not enabled, this one, and what the tables
 *         say beyond @p most are left out
 */
uint32_t cbx_bare_others(uint64_t rsdp, uint8_t *id, uint32_t most);

/** The IOMMU in the ACPI tables, if there is exactly one: iommu_*. */
void cbx_bare_iommu(struct cbx_x86_boot *boot);

/** Start one; it runs on @p home. @return false when it does not answer */
bool cbx_bare_other_start(uint8_t id, uint64_t home);

/** Leave @p value in a word, send a CPU a command, and wait for it to take the
 * word: not long if it is this one. @return whether it did */
bool cbx_bare_ask(uint8_t id, uint32_t command, _Atomic uint32_t *word,
	uint32_t value, bool own);

/** Make places where an SMI goes back, and one that has CPUs go there. */
void cbx_bare_smi_carve(uint32_t cpus);

/** Send a CPU to its place, the only one being sent. @return false when its
 * SMIs are not the monitor's */
bool cbx_bare_smi_move(uint8_t id, uint32_t cpu);

/**
 * Read what the loader left: memory map and module.
 *
 * @param magic  what the loader left in eax: multiboot2, or else PVH
 * @param info   address of its structure, below 4 GiB
 * @param[out] boot  region, region_count, page_count, module_*, rsdp
 */
void cbx_bare_info(uint32_t magic, uint64_t info, struct cbx_x86_boot *boot);

/** Keep the boot log that the module ends with, if it does; the module is
 * shorter then.  @param[in,out] boot  log, log_bytes; module_bytes */
void cbx_bare_log(struct cbx_x86_boot *boot);

/** Enter a range of the loader's map; of RAM whole pages only.
 * @param kind  RAM or RESERVED */
void cbx_bare_region(struct cbx_x86_boot *boot, uint64_t address,
	uint64_t bytes, enum cbx_x86_kind kind);

/** Take what is reserved out of RAM, and refuse a map that has RAM twice. */
void cbx_bare_regions_finish(struct cbx_x86_boot *boot);

/** Of the one region of RAM that holds them, @p count pages from @p first on
 * are a region of their own. */
void cbx_bare_region_split(struct cbx_x86_boot *boot, uint64_t first,
	uint64_t count, enum cbx_x86_kind kind);

/** Begin carving at @p address, a page, in RAM below 4 GiB. */
void cbx_bare_carve_start(const struct cbx_x86_boot *boot, uint64_t address);

/** The address of @p pages zeroed pages in a row. */
uint64_t cbx_bare_carve(uint64_t pages);

/** Make memory that is carved the monitor's, and zero. */
void cbx_bare_clear(uint64_t address, uint64_t pages);

/** The end of what was carved. */
uint64_t cbx_bare_carve_end(void);

/** Build the monitor's half for each CPU; fills home[]. */
void cbx_bare_build(struct cbx_x86_boot *boot);

/** From boot.S.  @param magic, info  what the loader left, if it is one that does */
_Noreturn void cbx_bare_start(uint32_t magic, uint64_t info);
_Noreturn void cbx_bare_switch(uint64_t root, uint64_t stack);
_Noreturn void cbx_bare_run(void);
_Noreturn void cbx_bare_run_other(void);

#endif
