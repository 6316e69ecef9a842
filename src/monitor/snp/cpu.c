/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of one CPU's: its GHCB and doorbell, its host's registers and gates. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/sev/features.h>
#include <arch/x86_64/sev/vc.h>
#include <hal/hal.h>
#include <hal/snp/insn.h>
#include <hal/snp/mail.h>
#include <hal/snp/serve.h>
#include <monitor/snp/snp.h>
#include <monitor/snp/tell.h>

/* Of the window, behind the HAL's first page. */
#define GHCB_PAGE (CBX_CPU_HAL_PAGE + 1)
#define BELL_PAGE (CBX_CPU_HAL_PAGE + 2)
#define VMSA_PAGE (CBX_CPU_HAL_PAGE + 3) /* or the next */

#define ADDRESS	   0x000ffffffffff000ull
#define LARGE	   0x200000ull
#define CBX_AREAS  ((CBX_IMAGE_PA - CBX_AREAS_PA) >> CBX_PAGE_SHIFT)
#define AREA_FLAGS 0x8000000000000003ull /* present, writable, no execution */
#define AREA_VIEW  ((struct cbx_view){ CBX_VIEW_R | CBX_VIEW_W })

#define KEY_AT 0x20 /* in the secrets page: VMPCK0 */

/* The letter, and behind it what of messages the hypervisor sees. */
static uint8_t mail[(1 + CBX_SNP_MAIL_SHARED) * CBX_PAGE_SIZE]
	__attribute__((aligned(4096)));

static uint64_t address_of(uint32_t page)
{
	const uint64_t *table = CBX_CPU_HERE(CBX_CPU_TABLE_PAGE);

	return table[page] & ADDRESS & ~cbx_x86_private;
}

static void *map(uint32_t page, uint64_t entry)
{
	uint64_t *table = CBX_CPU_HERE(CBX_CPU_TABLE_PAGE);

	table[page] = entry;
	cbx_x86_invlpg(CBX_CPU_AT((uint64_t)page));
	return CBX_CPU_HERE(page);
}

static struct cbx_snp_two_ways two_ways(uint32_t hidden, uint32_t shared)
{
	uint64_t address = address_of(hidden);

	return (struct cbx_snp_two_ways){
		.pfn = { address >> CBX_PAGE_SHIFT },
		.hidden = CBX_CPU_HERE(hidden),
		.shared = map(shared, address | AREA_FLAGS),
	};
}

static void insist(const char *why)
{
	if (why != NULL) {
		cbx_snp_refuse(why);
	}
}

/* At one address on every CPU: each may send. */
static void map_mail(void)
{
	uint64_t address = (uint64_t)mail - CBX_IMAGE_VA + CBX_IMAGE_PA;

	for (uint32_t i = 1; i <= CBX_SNP_MAIL_SHARED; i++) {
		(void)map(CBX_CPU_MAIL_PAGE + i,
			(address + i * CBX_PAGE_SIZE) | AREA_FLAGS);
	}
}

void cbx_snp_mail_begin(void)
{
	uint64_t address = (uint64_t)mail - CBX_IMAGE_VA + CBX_IMAGE_PA;
	const struct cbx_snp_two_ways pages = {
		.pfn = { address >> CBX_PAGE_SHIFT },
		.hidden = mail,
		.shared = CBX_CPU_HERE(CBX_CPU_MAIL_PAGE),
	};

	cbx_snp_mail_start(&pages, cbx_snp_secrets + KEY_AT);
}

void cbx_snp_talk_start(void)
{
	const struct cbx_snp_two_ways page =
		two_ways(GHCB_PAGE, CBX_CPU_GHCB_PAGE);

	map_mail();
	insist(cbx_snp_ghcb_start(&page, cbx_x86_c_bit()));
	insist(cbx_snp_refusal(cbx_x86_msr(CBX_MSR_SEV_STATUS)));
}

void cbx_snp_bell_start_here(void)
{
	const struct cbx_snp_two_ways page =
		two_ways(BELL_PAGE, CBX_CPU_BELL_PAGE);

	insist(cbx_snp_bell_start(&page, &cbx_x86_cpu()->nmis));
}

/* One of the areas: the host's right to it is given once. */
static uint64_t give_area(uint64_t number)
{
	uint64_t address = CBX_AREAS_PA + (number << CBX_PAGE_SHIFT);
	uint64_t done;

	if (cbx_hal_view_set((struct cbx_pfn){ address >> CBX_PAGE_SHIFT }, 1,
		    AREA_VIEW, &done) != CBX_OK) {
		cbx_snp_refuse("The host cannot have its gate area.");
	}
	return address;
}

static struct cbx_area *map_area(void)
{
	return map(CBX_CPU_AREA_PAGE,
		give_area(cbx_hal_cpu()) | AREA_FLAGS | cbx_x86_private);
}

void cbx_snp_gates_start(void)
{
	cbx_snp_cpu()->host = (struct cbx_snp_host){
		.gates = map_area(),
		.apic = cbx_hal_cpu(),
	};
}

/* Its first calls are by the last area, until it has areas of its own. */
static void serve(const struct cbx_snp_host *host, uint64_t features)
{
	const struct cbx_pfn area = { give_area(CBX_AREAS - 1) >>
				      CBX_PAGE_SHIFT };
	const struct cbx_pfn vmsa = { host->vmsa_address >> CBX_PAGE_SHIFT };

	cbx_snp_tell(&cbx_snp_told, cbx_snp_secrets, area);
	cbx_snp_serve_start(cbx_hal_cpu(), vmsa, area, features);
}

/* Of what the loader says only the level and its features are not the host's
 * own business. */
void cbx_snp_host_start(uint64_t registers)
{
	struct cbx_snp_host *host = &cbx_snp_cpu()->host;
	uint64_t features =
		cbx_snp_host_features(cbx_x86_msr(CBX_MSR_SEV_STATUS));
	uint32_t page = VMSA_PAGE + (address_of(VMSA_PAGE) % LARGE == 0);
	const struct cbx_vmsa *from;

	if (registers == 0) {
		return;
	}
	host->vmsa = CBX_CPU_HERE(page);
	host->vmsa_address = address_of(page);
	from = cbx_hal_page_map(
		(struct cbx_pfn){ registers >> CBX_PAGE_SHIFT });
	*host->vmsa = *from;
	cbx_hal_page_unmap(from);
	host->vmsa->vmpl = CBX_SNP_HOST;
	host->vmsa->features = features;
	host->vmsa->efer |= CBX_VMSA_SVME;
	host->vmsa->virtual_interrupt = 0;
	if (cbx_snp_host_create(host, features) != CBX_OK) {
		cbx_snp_refuse("The hypervisor does not take the host.");
	}
	serve(host, features);
}
