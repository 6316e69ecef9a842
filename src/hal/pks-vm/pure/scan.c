/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/pks-vm/pure/scan.h>

/* Bytes after an opcode's first that a row can ask for: C4, two bytes of VEX,
 * opcode, ModRM. */
#define AHEAD 4

/* An instruction has at most 15 bytes, one of them an opcode's. */
#define PREFIXES 14

enum map {
	ESC,
	ESC_38,
	ESC_3A,
	VEX_7,
	ONE
};

#define NP  1u
#define P66 2u
#define PF3 4u
#define PF2 8u
#define P3E 16u
#define ANY (NP | P66 | PF3 | PF2)

/* What must be so of ModRM; nothing, or all of it, are forms of their own. */
#define FIELD  1u /* its reg field */
#define IN_MEM 2u /* it may name memory, */
#define IN_REG 4u /* or a register */

enum form {
	BARE,
	MODRM = FIELD | IN_MEM | IN_REG,
	MEM = FIELD | IN_MEM,
	REG = FIELD | IN_REG,
	MEM_ALL = IN_MEM,
	REG_ALL = IN_REG,
	BYTE = 8,
};

struct row {
	uint8_t map;
	uint8_t opcode;
	uint8_t prefix;
	uint8_t form;
	uint8_t value;
	const char *name;
};

static const struct row rows[] = {
#define X(map, opcode, prefix, form, value, name) \
	{ map, opcode, prefix, form, value, name },
#include <hal/pks-vm/pure/sensitive.def>
#undef X
};

/* What may stand at a byte: an opcode, and what is known around it. */
struct place {
	enum map map;
	uint8_t opcode;
	bool has_modrm;
	uint8_t modrm;
	uint8_t prefixes;    /* every one that can be in effect */
	uint8_t distance[5]; /* how far before the opcode, by bit number */
};

static uint8_t at(const struct cbx_scan *scan, uint64_t n)
{
	return scan->window[n % CBX_SCAN_WINDOW];
}

static unsigned int prefix_bit(uint8_t byte)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2, 0x3e };
	unsigned int bit = 4;

	while (bit > 0 && prefixes[bit] != byte) {
		bit--;
	}
	return bit;
}

static bool is_prefix(uint8_t byte)
{
	return (byte & 0xf0) == 0x40 || prefix_bit(byte) != 0 || byte == 0x26 ||
	       byte == 0x2e || byte == 0x36 || byte == 0x64 || byte == 0x65 ||
	       byte == 0x67 || byte == 0xf0;
}

/* Of F2 and F3 the last counts, and it beats 66 wherever that stands; whoever
 * jumps in behind it has what is left.  REX, if not last, is ignored. */
static void read_prefixes(
	const struct cbx_scan *scan, uint64_t n, struct place *place)
{
	place->prefixes = NP;
	for (uint8_t back = 1; back <= PREFIXES && back <= n; back++) {
		uint8_t byte = at(scan, n - back);
		unsigned int bit = prefix_bit(byte);
		bool repeat = (place->prefixes & (PF2 | PF3)) != 0;

		if (!is_prefix(byte)) {
			return;
		}
		if (bit == 0 || (place->prefixes & (1u << bit)) != 0 ||
			(bit != 4 && repeat)) {
			continue;
		}
		place->prefixes |= (uint8_t)(1u << bit);
		place->distance[bit] = back;
	}
}

static void read_modrm(
	const struct cbx_scan *scan, uint64_t n, struct place *place)
{
	place->has_modrm = n < scan->fed;
	place->modrm = place->has_modrm ? at(scan, n) : 0;
}

static bool read_escape(
	const struct cbx_scan *scan, uint64_t n, struct place *place)
{
	uint64_t opcode = n + 1;

	place->map = ESC;
	if (opcode < scan->fed &&
		(at(scan, opcode) == 0x38 || at(scan, opcode) == 0x3a)) {
		place->map = at(scan, opcode) == 0x38 ? ESC_38 : ESC_3A;
		opcode++;
	}
	if (opcode >= scan->fed) {
		return false;
	}
	place->opcode = at(scan, opcode);
	read_modrm(scan, opcode + 1, place);
	read_prefixes(scan, n, place);
	return true;
}

static bool read_vex(
	const struct cbx_scan *scan, uint64_t n, struct place *place)
{
	static const uint8_t pp[] = { NP, P66, PF3, PF2 };

	if (n + 3 >= scan->fed || (at(scan, n + 1) & 0x1f) != 7) {
		return false;
	}
	place->map = VEX_7;
	place->prefixes = pp[at(scan, n + 2) & 3];
	place->opcode = at(scan, n + 3);
	read_modrm(scan, n + 4, place);
	return true;
}

static bool read_place(
	const struct cbx_scan *scan, uint64_t n, struct place *place)
{
	*place = (struct place){ .map = ONE };
	switch (at(scan, n)) {
	case 0x0f:
		return read_escape(scan, n, place);
	case 0xc4:
		return read_vex(scan, n, place);
	case 0xff:
		place->opcode = 0xff;
		read_modrm(scan, n + 1, place);
		read_prefixes(scan, n, place);
		return true;
	default:
		return false;
	}
}

static bool form_fits(const struct row *row, const struct place *place)
{
	unsigned int in = place->modrm >> 6 == 3 ? IN_REG : IN_MEM;
	bool same = (place->modrm >> 3 & 7) == row->value;

	if (row->form == BARE) {
		return true;
	}
	if (!place->has_modrm) {
		return false;
	}
	if (row->form == BYTE) {
		return place->modrm == row->value;
	}
	return (row->form & in) != 0 && (same || (row->form & FIELD) == 0);
}

/* How far before the opcode the row's shortest form begins. */
static uint64_t lead(const struct row *row, const struct place *place)
{
	unsigned int fitting = row->prefix & place->prefixes;
	uint64_t best = PREFIXES;

	if (place->map == VEX_7 || (fitting & NP) != 0) {
		return 0;
	}
	for (unsigned int bit = 1; bit < 5; bit++) {
		if ((fitting & (1u << bit)) != 0 &&
			place->distance[bit] < best) {
			best = place->distance[bit];
		}
	}
	return best;
}

static bool judge(
	struct cbx_scan *scan, uint64_t n, struct cbx_scan_finding *finding)
{
	struct place place;

	if (!read_place(scan, n, &place)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		if (row->map == place.map && row->opcode == place.opcode &&
			(row->prefix & place.prefixes) != 0 &&
			form_fits(row, &place)) {
			finding->offset = scan->base + n - lead(row, &place);
			finding->name = row->name;
			return true;
		}
	}
	return false;
}

void cbx_scan_start(struct cbx_scan *scan, uint64_t base)
{
	*scan = (struct cbx_scan){ .base = base };
}

bool cbx_scan_feed(struct cbx_scan *scan, const uint8_t **bytes, size_t *size,
	struct cbx_scan_finding *finding)
{
	while (*size > 0) {
		scan->window[scan->fed % CBX_SCAN_WINDOW] = **bytes;
		scan->fed++;
		(*bytes)++;
		(*size)--;
		if (scan->fed > AHEAD) {
			scan->judged = scan->fed - AHEAD;
			if (judge(scan, scan->judged - 1, finding)) {
				return true;
			}
		}
	}
	return false;
}

bool cbx_scan_end(struct cbx_scan *scan, struct cbx_scan_finding *finding)
{
	while (scan->judged < scan->fed) {
		scan->judged++;
		if (judge(scan, scan->judged - 1, finding)) {
			return true;
		}
	}
	return false;
}
