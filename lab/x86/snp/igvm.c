/* SPDX-License-Identifier: Apache-2.0 */
#include "igvm.h"

#include "bytes.h"

#define MAGIC	     0x4d564749u /* "IGVM" */
#define VERSION	     1
#define FIXED_BYTES  24u
#define AT_VERSION   4
#define AT_HEADERS   8
#define AT_BYTES     12
#define AT_TOTAL     16
#define AT_CHECKSUM  20
#define POLYNOMIAL   0xedb88320u
#define HEADER_BYTES 8u
#define ALIGNMENT    8u
#define SEV_SNP	     2
#define SNP_VERSION  1
#define LOWER_LEVELS 2 /* the highest VTL of a guest that has them; 0: none */
#define GPA_END	     0x800000000000ull /* the C bit's address */

enum type {
	TYPE_PLATFORM = 0x1,
	TYPE_POLICY = 0x101,
	TYPE_AREA = 0x301,
	TYPE_PAGE = 0x302,
	TYPE_INSERT = 0x303,
	TYPE_REGISTERS = 0x304,
	TYPE_REQUIRED = 0x305,
};

/* Where a directive says for whom it is, and where in the file its page is. */
#define AT_MASK	  8
#define AT_OFFSET 12

struct walk {
	const uint8_t *file;
	uint64_t bytes, end;	/* of the file, of its headers */
	uint64_t at;		/* this header */
	uint64_t policy;	/* as it has to be */
	uint32_t mask, section; /* of the headers before; 0: none */
	bool has_policy, has_area, has_param, has_registers;
};

static uint64_t get(const uint8_t *at, size_t size)
{
	return snp_load(at, size);
}

static uint64_t up(uint64_t bytes)
{
	return (bytes + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

static uint32_t add(uint32_t sum, const uint8_t *at, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i++) {
		sum ^= at[i];
		for (int bit = 0; bit < 8; bit++) {
			sum = sum >> 1 ^ ((sum & 1) != 0 ? POLYNOMIAL : 0);
		}
	}
	return sum;
}

/* Of the fixed header, as if it had no checksum, and the others. */
static uint32_t checksum(const struct walk *walk, uint64_t start)
{
	const uint8_t none[4] = { 0 };
	uint32_t sum = add(UINT32_MAX, walk->file, AT_CHECKSUM);

	sum = add(sum, none, sizeof(none));
	return ~add(sum, walk->file + start, walk->end - start);
}

static const char *check_fixed(struct walk *walk)
{
	const uint8_t *file = walk->file;
	uint64_t start, bytes;

	if (walk->bytes < FIXED_BYTES || get(file, 4) != MAGIC ||
		get(file + AT_VERSION, 4) != VERSION) {
		return "no IGVM file of version 1, at";
	}
	if (get(file + AT_TOTAL, 4) != walk->bytes) {
		return "the IGVM file is not as long as it says, at";
	}
	start = get(file + AT_HEADERS, 4);
	bytes = get(file + AT_BYTES, 4);
	if (start < FIXED_BYTES || start % ALIGNMENT != 0 ||
		bytes % ALIGNMENT != 0 || start > walk->bytes ||
		bytes > walk->bytes - start) {
		return "the IGVM file's headers are not in it, at";
	}
	walk->end = start + bytes;
	walk->at = start;
	return get(file + AT_CHECKSUM, 4) == checksum(walk, start)
		       ? NULL
		       : "the IGVM file's checksum is wrong, at";
}

static void read_page(
	const uint8_t *file, const uint8_t *from, struct snp_igvm_step *step)
{
	uint64_t offset = get(from + AT_OFFSET, 4);

	step->data = offset == 0 ? NULL : file + offset;
}

/* false: none */
static bool read(const uint8_t *file, uint64_t at, struct snp_igvm_step *step)
{
	const uint8_t *from = file + at + HEADER_BYTES;

	*step = (struct snp_igvm_step){ .gpa = get(from, 8),
		.bytes = SNP_IGVM_PAGE };
	switch (get(file + at, 4)) {
	case TYPE_PAGE:
		step->what = (enum snp_igvm_what)get(from + 20, 2);
		read_page(file, from, step);
		return true;
	case TYPE_INSERT:
		step->what = SNP_IGVM_PARAM;
		return true;
	case TYPE_REQUIRED:
		step->what = SNP_IGVM_ASKED;
		step->bytes = get(from + 12, 4);
		return true;
	case TYPE_REGISTERS:
		step->what = SNP_IGVM_VMSA;
		read_page(file, from, step);
		return true;
	default:
		return false;
	}
}

static bool next(const uint8_t *file, uint64_t *at, uint64_t end,
	struct snp_igvm_step *step)
{
	bool is_step = false;

	while (!is_step && *at < end) {
		is_step = read(file, *at, step);
		*at += HEADER_BYTES + up(get(file + *at + 4, 4));
	}
	return is_step;
}

bool snp_igvm_next(
	const uint8_t *file, uint64_t *at, struct snp_igvm_step *step)
{
	uint64_t start = get(file + AT_HEADERS, 4);

	*at = *at == 0 ? start : *at;
	return next(file, at, start + get(file + AT_BYTES, 4), step);
}

static bool is_in_file(const struct walk *walk, uint64_t offset)
{
	return offset >= walk->end && offset <= walk->bytes &&
	       SNP_IGVM_PAGE <= walk->bytes - offset;
}

/* The pages of a step, beside those of all before it. */
static const char *check_place(const struct walk *walk)
{
	struct snp_igvm_step step, other;
	uint64_t at = get(walk->file + AT_HEADERS, 4);

	read(walk->file, walk->at, &step);
	if (step.gpa % SNP_IGVM_PAGE != 0 || step.bytes % SNP_IGVM_PAGE != 0 ||
		step.bytes == 0 || step.gpa >= GPA_END ||
		step.bytes > GPA_END - step.gpa) {
		return "an IGVM header names no pages, at";
	}
	while (next(walk->file, &at, walk->at, &other)) {
		if (step.gpa < other.gpa + other.bytes &&
			other.gpa < step.gpa + step.bytes) {
			return "an IGVM header names a page again, at";
		}
	}
	return NULL;
}

static const char *check_platform(struct walk *walk, const uint8_t *from)
{
	uint64_t mask = get(from, 4);
	uint64_t vtl = get(from + 4, 1);

	if (walk->mask != 0 || mask == 0 || (mask & (mask - 1)) != 0 ||
		(vtl != 0 && vtl != LOWER_LEVELS) ||
		get(from + 5, 1) != SEV_SNP ||
		get(from + 6, 2) != SNP_VERSION || get(from + 8, 8) != 0) {
		return "the IGVM file is not for SEV-SNP alone, at";
	}
	walk->mask = (uint32_t)mask;
	return NULL;
}

static const char *check_policy(struct walk *walk, const uint8_t *from)
{
	if (walk->has_policy || get(from, 8) != walk->policy ||
		get(from + 12, 4) != 0) {
		return "the IGVM file's policy is not this machine's, at";
	}
	walk->has_policy = true;
	return NULL;
}

static const char *check_area(struct walk *walk, const uint8_t *from)
{
	if (walk->has_area || get(from, 8) != SNP_IGVM_PAGE ||
		get(from + 8, 4) != 0 || get(from + AT_OFFSET, 4) != 0) {
		return "an IGVM parameter area is not one page of zeros, at";
	}
	walk->has_area = true;
	return NULL;
}

static const char *check_page(struct walk *walk, const uint8_t *from)
{
	uint64_t offset = get(from + AT_OFFSET, 4);
	uint64_t what = get(from + 20, 2);

	if (get(from + 16, 4) != 0 || what > SNP_IGVM_CPUID ||
		get(from + 22, 2) != 0) {
		return "an IGVM page is of another kind, at";
	}
	if (offset != 0 &&
		(what != SNP_IGVM_DATA || !is_in_file(walk, offset))) {
		return "an IGVM page has its bytes elsewhere, at";
	}
	return check_place(walk);
}

static const char *check_insert(struct walk *walk, const uint8_t *from)
{
	if (!walk->has_area || walk->has_param || get(from + 12, 4) != 0) {
		return "an IGVM parameter area is not there, at";
	}
	walk->has_param = true;
	return check_place(walk);
}

static const char *check_required(struct walk *walk, const uint8_t *from)
{
	return get(from + 16, 8) != 0 ? "memory an IGVM file requires is of "
					"another kind, at"
				      : check_place(walk);
}

static const char *check_registers(struct walk *walk, const uint8_t *from)
{
	if (get(from + 16, 4) != 0 ||
		!is_in_file(walk, get(from + AT_OFFSET, 4))) {
		return "an IGVM file's registers are not CPU 0's, at";
	}
	walk->has_registers = true;
	return check_place(walk);
}

/* Their sizes, and the masks they have. */
static const struct kind {
	enum type type;
	uint32_t bytes;
	bool has_mask;
	const char *(*check)(struct walk *walk, const uint8_t *from);
} kinds[] = {
	{ TYPE_PLATFORM, 16, false, check_platform },
	{ TYPE_POLICY, 16, true, check_policy },
	{ TYPE_AREA, 16, false, check_area },
	{ TYPE_PAGE, 24, true, check_page },
	{ TYPE_INSERT, 16, true, check_insert },
	{ TYPE_REGISTERS, 20, true, check_registers },
	{ TYPE_REQUIRED, 24, true, check_required },
};

static const struct kind *find(uint64_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type == type) {
			return &kinds[i];
		}
	}
	return NULL;
}

static const char *check_form(
	const struct walk *walk, const struct kind *kind, const uint8_t *from)
{
	uint64_t bytes = up(kind->bytes);

	if (get(from - 4, 4) != kind->bytes ||
		bytes > walk->end - walk->at - HEADER_BYTES) {
		return "an IGVM header is not as long as its type, at";
	}
	if (!snp_is_zero(from + kind->bytes, bytes - kind->bytes)) {
		return "behind an IGVM header there are not zeros, at";
	}
	if (kind->type >> 8 < walk->section) {
		return "an IGVM header comes too late, at";
	}
	return kind->has_mask && (walk->mask == 0 ||
					 get(from + AT_MASK, 4) != walk->mask)
		       ? "an IGVM header is for another platform, at"
		       : NULL;
}

static const char *check_header(struct walk *walk)
{
	const uint8_t *from = walk->file + walk->at + HEADER_BYTES;
	const struct kind *kind = find(get(from - HEADER_BYTES, 4));
	const char *why;

	if (kind == NULL) {
		return "an IGVM header is of an unknown type, at";
	}
	if (walk->has_registers) {
		return "an IGVM header comes behind the registers, at";
	}
	why = check_form(walk, kind, from);
	why = why == NULL ? kind->check(walk, from) : why;
	if (why == NULL) {
		walk->section = kind->type >> 8;
		walk->at += HEADER_BYTES + up(kind->bytes);
	}
	return why;
}

bool snp_igvm_is(const uint8_t *file, uint64_t bytes)
{
	return bytes >= 4 && get(file, 4) == MAGIC;
}

bool snp_igvm_check(const uint8_t *file, uint64_t bytes, uint64_t policy,
	struct snp_igvm_bad *bad)
{
	struct walk walk = { .file = file, .bytes = bytes, .policy = policy };

	bad->why = check_fixed(&walk);
	while (bad->why == NULL && walk.at < walk.end) {
		bad->why = check_header(&walk);
	}
	if (bad->why == NULL && !walk.has_policy) {
		bad->why = "the IGVM file has no policy, at";
	} else if (bad->why == NULL && !walk.has_registers) {
		bad->why = "the IGVM file has no registers, at";
	}
	bad->at = walk.at;
	return bad->why == NULL;
}
