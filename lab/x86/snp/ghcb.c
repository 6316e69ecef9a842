/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GHCB page protocol.
 */
#include "ghcb.h"

#include <stddef.h>

#include "ghcb_psc.h"

/* Offsets; the bit of a field in the bitmap is its offset / 8. */
#define AT_CPL	     0x0cb
#define AT_XSS	     0x140
#define AT_RAX	     0x1f8
#define AT_RCX	     0x308
#define AT_RDX	     0x310
#define AT_RBX	     0x318
#define AT_RSI	     0x330
#define AT_EXITCODE  0x390
#define AT_EXITINFO1 0x398
#define AT_EXITINFO2 0x3a0
#define AT_SCRATCH   0x3a8
#define AT_XCR0	     0x3e8
#define AT_BITMAP    0x3f0
#define BITMAP_BYTES 16
#define AT_VERSION   0xffa
#define AT_USAGE     0xffc

#define REFUSED 2
#define RAISED	1
#define EVENT_GP \
	UINT64_C(0x80000b0d) /* valid, with error code 0, an exception, #GP */
#define EVENT_UD UINT64_C(0x80000306)

#define IO_IN	       0x001
#define IO_STRING      0x004
#define IO_REPEAT      0x008
#define IO_SIZES(info) ((info) >> 4 & 7)
#define IO_RESERVED    UINT64_C(0xffffffff0000e002)

static uint64_t load(const uint8_t *page, size_t offset, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes; i > 0; i--) {
		value = value << 8 | page[offset + i - 1];
	}
	return value;
}

static bool is_valid(const uint8_t *page, size_t offset)
{
	size_t bit = offset / 8;

	return (page[AT_BITMAP + bit / 8] >> bit % 8 & 1) != 0;
}

static uint64_t load_valid(const uint8_t *page, size_t offset)
{
	return is_valid(page, offset) ? load(page, offset, 8) : 0;
}

static const struct {
	uint16_t field;
	uint16_t offset;
} places[] = {
	{ SNP_FIELD_RAX, AT_RAX },
	{ SNP_FIELD_RBX, AT_RBX },
	{ SNP_FIELD_RCX, AT_RCX },
	{ SNP_FIELD_RDX, AT_RDX },
	{ SNP_FIELD_RSI, AT_RSI },
	{ SNP_FIELD_CPL, AT_CPL },
	{ SNP_FIELD_XCR0, AT_XCR0 },
	{ SNP_FIELD_XSS, AT_XSS },
	{ SNP_FIELD_SCRATCH, AT_SCRATCH },
};

static void read_fields(const uint8_t *page, struct snp_nae *nae)
{
	*nae = (struct snp_nae){
		.event = load_valid(page, AT_EXITCODE),
		.info1 = load_valid(page, AT_EXITINFO1),
		.info2 = load_valid(page, AT_EXITINFO2),
		.rax = load_valid(page, AT_RAX),
		.rbx = load_valid(page, AT_RBX),
		.rcx = load_valid(page, AT_RCX),
		.rdx = load_valid(page, AT_RDX),
		.rsi = load_valid(page, AT_RSI),
		.xcr0 = load_valid(page, AT_XCR0),
		.xss = load_valid(page, AT_XSS),
		.cpl = is_valid(page, AT_CPL) ? page[AT_CPL] : 0,
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		nae->fields |=
			is_valid(page, places[i].offset) ? places[i].field : 0;
	}
}

static bool has_fields(const struct snp_nae *nae, unsigned int fields)
{
	return (nae->fields & fields) == fields;
}

/* What an event needs beside exit code and information, by the values it has. */
static unsigned int fields_by_value(const struct snp_nae *nae)
{
	switch (nae->event) {
	case SNP_EVENT_CPUID:
		return (uint32_t)nae->rax == 0xd ? SNP_FIELD_XCR0 : 0;
	case SNP_EVENT_MSR:
		return nae->info1 == 0 ? 0 : SNP_FIELD_RAX | SNP_FIELD_RDX;
	case SNP_EVENT_IOIO:
		if ((nae->info1 & IO_STRING) != 0) {
			return SNP_FIELD_SCRATCH;
		}
		return (nae->info1 & IO_IN) != 0 ? 0 : SNP_FIELD_RAX;
	case SNP_EVENT_AP_CREATION:
		return (nae->info1 & 0xffff) == SNP_AP_DESTROY ? 0
							       : SNP_FIELD_RAX;
	default:
		return 0;
	}
}

static enum snp_ghcb_error check_fields(
	const struct snp_nae *nae, uint64_t features)
{
	switch (nae->event) {
#define EVENT(code, NAME, needed, feature)                                     \
	case (code):                                                           \
		if ((features & (uint64_t)(feature)) != (uint64_t)(feature)) { \
			return SNP_GHCB_INVALID_EVENT;                         \
		}                                                              \
		return has_fields(nae, (needed) | fields_by_value(nae))        \
			       ? SNP_GHCB_OK                                   \
			       : SNP_GHCB_MISSING_INPUT;
#include "ghcb_event.def"
#undef EVENT
	default:
		return SNP_GHCB_INVALID_EVENT;
	}
}

static bool is_page(uint64_t gpa)
{
	return gpa % SNP_GHCB_BYTES == 0 && gpa >> 52 == 0;
}

static bool is_io(const struct snp_nae *nae)
{
	uint64_t sizes = IO_SIZES(nae->info1);

	return (nae->info1 & IO_RESERVED) == 0 &&
	       (sizes == 1 || sizes == 2 || sizes == 4);
}

static bool is_ap(const struct snp_nae *nae)
{
	uint64_t op = nae->info1 & 0xffff;

	return op <= SNP_AP_DESTROY && (nae->info1 >> 16 & 0xffff) < 4 &&
	       (op == SNP_AP_DESTROY || is_page(nae->info2));
}

static bool is_request(const struct snp_nae *nae)
{
	return is_page(nae->info1) && is_page(nae->info2) &&
	       nae->info1 != nae->info2;
}

static bool is_doorbell(const struct snp_nae *nae)
{
	return nae->info1 <= SNP_DOORBELL_CLEAR &&
	       (nae->info1 != SNP_DOORBELL_SET || is_page(nae->info2));
}

static bool is_sane(const struct snp_nae *nae)
{
	switch (nae->event) {
	case SNP_EVENT_DR7_WRITE:
		return nae->info1 == 0;
	case SNP_EVENT_VMMCALL:
		return nae->cpl <= 3;
	case SNP_EVENT_MSR:
	case SNP_EVENT_JUMP_TABLE:
		return nae->info1 <= 1;
	case SNP_EVENT_IOIO:
		return is_io(nae);
	case SNP_EVENT_AP_CREATION:
		return is_ap(nae);
	case SNP_EVENT_EXTENDED_REQUEST:
		return is_request(nae) && is_page(nae->rax);
	case SNP_EVENT_REQUEST:
		return is_request(nae);
	case SNP_EVENT_DOORBELL:
		return is_doorbell(nae);
	case SNP_EVENT_APIC_IDS:
		return is_page(nae->rax);
	case SNP_EVENT_RUN_VMPL:
		return nae->info1 < 4;
	default:
		return true;
	}
}

/* Bytes an event needs in its scratch area; false when no area has them. */
static bool scratch_needed(const struct snp_nae *nae, uint64_t *bytes)
{
	*bytes = 0;
	if (nae->event == SNP_EVENT_MMIO_READ ||
		nae->event == SNP_EVENT_MMIO_WRITE) {
		*bytes = nae->info2;
	} else if (nae->event == SNP_EVENT_PAGE_STATE) {
		*bytes = SNP_PSC_HEADER; /* the list says how much more */
	} else if (nae->event == SNP_EVENT_IOIO &&
		   (nae->info1 & IO_STRING) != 0) {
		if (nae->info2 > SNP_GHCB_BUFFER_BYTES) {
			return false;
		}
		*bytes = nae->info2 * IO_SIZES(nae->info1);
	} else {
		return true;
	}
	return *bytes != 0 && *bytes <= SNP_GHCB_BUFFER_BYTES;
}

static enum snp_ghcb_error find_scratch(
	struct snp_nae *nae, uint64_t gpa, uint64_t scratch)
{
	uint64_t offset = scratch - gpa - SNP_GHCB_BUFFER; /* huge when below */
	uint64_t bytes;

	if (!scratch_needed(nae, &bytes)) {
		return SNP_GHCB_BAD_SCRATCH;
	}
	if (bytes == 0) {
		return SNP_GHCB_OK;
	}
	if (offset > SNP_GHCB_BUFFER_BYTES - bytes) {
		return SNP_GHCB_BAD_SCRATCH;
	}
	nae->scratch = (uint16_t)(SNP_GHCB_BUFFER + offset);
	nae->scratch_bytes = (uint16_t)bytes;
	if (nae->event == SNP_EVENT_PAGE_STATE) {
		nae->scratch_bytes = (uint16_t)(SNP_GHCB_BUFFER_BYTES - offset);
	}
	return SNP_GHCB_OK;
}

enum snp_ghcb_error snp_ghcb_decode(const uint8_t page[SNP_GHCB_BYTES],
	const struct snp_ghcb_host *host, uint64_t gpa, struct snp_nae *nae)
{
	uint64_t version = load(page, AT_VERSION, 2);
	enum snp_ghcb_error error;

	read_fields(page, nae);
	if (gpa != host->registered || !is_page(gpa)) {
		return SNP_GHCB_NOT_REGISTERED;
	}
	if (load(page, AT_USAGE, 4) != 0 || version < host->min ||
		version > host->max) {
		return SNP_GHCB_BAD_USAGE;
	}
	if (!is_valid(page, AT_EXITCODE) || !is_valid(page, AT_EXITINFO1) ||
		!is_valid(page, AT_EXITINFO2)) {
		return SNP_GHCB_MISSING_INPUT;
	}
	error = check_fields(nae, host->features);
	if (error != SNP_GHCB_OK) {
		return error;
	}
	if (!is_sane(nae)) {
		return SNP_GHCB_INVALID_INPUT;
	}
	return find_scratch(nae, gpa, load_valid(page, AT_SCRATCH));
}

struct snp_io snp_nae_io(const struct snp_nae *nae)
{
	return (struct snp_io){
		.port = (uint16_t)(nae->info1 >> 16),
		.bytes = (uint8_t)IO_SIZES(nae->info1),
		.in = (nae->info1 & IO_IN) != 0,
		.string = (nae->info1 & IO_STRING) != 0,
		.repeat = (nae->info1 & IO_REPEAT) != 0,
	};
}

struct snp_ap snp_nae_ap(const struct snp_nae *nae)
{
	return (struct snp_ap){
		.apic = (uint32_t)(nae->info1 >> 32),
		.vmpl = (uint8_t)(nae->info1 >> 16),
		.op = (enum snp_ap_op)(nae->info1 & 0xffff),
	};
}

struct snp_nae_answer snp_nae_done(uint64_t info2)
{
	return (struct snp_nae_answer){ .info2 = info2 };
}

struct snp_nae_answer snp_nae_refused(enum snp_ghcb_error error)
{
	return (struct snp_nae_answer){ .info1 = REFUSED, .info2 = error };
}

struct snp_nae_answer snp_nae_raise(bool gp)
{
	return (struct snp_nae_answer){ .info1 = RAISED,
		.info2 = gp ? EVENT_GP : EVENT_UD };
}

static void store(uint8_t *page, size_t offset, uint64_t value)
{
	for (size_t i = 0; i < 8; i++) {
		page[offset + i] = (uint8_t)(value >> 8 * i);
	}
}

void snp_ghcb_answer(
	uint8_t page[SNP_GHCB_BYTES], const struct snp_nae_answer *answer)
{
	const struct {
		uint16_t field;
		uint16_t offset;
		uint64_t value;
	} fields[] = {
		{ 0, AT_EXITINFO1, answer->info1 },
		{ 0, AT_EXITINFO2, answer->info2 },
		{ SNP_FIELD_RAX, AT_RAX, answer->rax },
		{ SNP_FIELD_RBX, AT_RBX, answer->rbx },
		{ SNP_FIELD_RCX, AT_RCX, answer->rcx },
		{ SNP_FIELD_RDX, AT_RDX, answer->rdx },
	};
	uint64_t valid[BITMAP_BYTES / 8] = { 0 };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t bit = fields[i].offset / 8U;

		if ((answer->fields & fields[i].field) == fields[i].field) {
			store(page, fields[i].offset, fields[i].value);
			valid[bit / 64] |= UINT64_C(1) << bit % 64;
		}
	}
	store(page, AT_BITMAP, valid[0]);
	store(page, AT_BITMAP + 8, valid[1]);
}
