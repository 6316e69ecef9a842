// SPDX-License-Identifier: GPL-2.0-only
/* Which calls a user may make, and that what they name is its own (names.def). */
#include "confbox.h"

enum kind {
	IS_NONE,
	IS_ONE,
	IS_PAIR,
	IS_MANY,
	IS_SOME,
	IS_BYTES
};

/* Two arguments: where the first page is said, and how many there are. */
struct pages {
	enum kind kind;
	u8 first;
	u8 count;
};

struct names {
	u8 boxes;
	struct pages pages[2];
};

#define NONE                  \
	{                     \
		IS_NONE, 0, 0 \
	}
#define ONE(n)               \
	{                    \
		IS_ONE, n, n \
	}
#define PAIR(n, m)            \
	{                     \
		IS_PAIR, n, m \
	}
#define MANY(n, m)            \
	{                     \
		IS_MANY, n, m \
	}
#define SOME(n, m)            \
	{                     \
		IS_SOME, n, m \
	}
#define BYTES(n, m)            \
	{                      \
		IS_BYTES, n, m \
	}
#define N(NAME, boxes_, first, second)                \
	static const struct names names_of_##NAME = { \
		.boxes = (boxes_),                    \
		.pages = { first, second },           \
	};
#include "names.def"
#undef N

/* One switch over gate.def: a host's call without a row does not compile. */
#define CALL_HOST(NAME)	  return &names_of_##NAME
#define CALL_ANY(NAME)	  return &names_of_##NAME
#define CALL_BOX(NAME)	  return NULL
#define CALL_KEEPER(NAME) return NULL

static const struct names *names_of(u64 id)
{
	switch (id) {
#define X(number, NAME, name, callers, nargs, states, repeat) \
	case (number):                                        \
		CALL_##callers(NAME);
#include <confbox/gate.def>
#undef X
	default:
		return NULL;
	}
}

static u64 pages_of(u64 bytes)
{
	return bytes / CBX_PAGE_SIZE + (bytes % CBX_PAGE_SIZE != 0);
}

static bool owns_pages(const struct cbx_file *file, u64 pfn, u64 count)
{
	return count == 0 || cbx_range_find(file, pfn, count);
}

static bool owns(const struct cbx_file *file, const struct pages *pages,
	const struct cbx_call *call)
{
	u64 first = call->arg[pages->first];
	u64 count = call->arg[pages->count];

	switch (pages->kind) {
	case IS_ONE:
		return owns_pages(file, first, 1);
	case IS_PAIR:
		return owns_pages(file, first, 1) && owns_pages(file, count, 1);
	case IS_MANY:
		return owns_pages(file, first, count);
	case IS_SOME:
		return first == CBX_NO_PAGE || owns_pages(file, first, count);
	case IS_BYTES:
		return owns_pages(file, first, pages_of(count));
	case IS_NONE:
	default:
		return true;
	}
}

static bool owns_boxes(
	struct cbx_file *file, u8 boxes, const struct cbx_call *call)
{
	unsigned int i;

	for (i = 0; i < CBX_CALL_ARGS; i++) {
		if ((boxes >> i & 1) != 0 &&
			!xa_load(&file->boxes, call->arg[i]))
			return false;
	}
	return true;
}

int cbx_names_check(struct cbx_file *file, const struct cbx_call *call)
{
	const struct names *names = names_of(call->id);
	bool all;

	if (!names)
		return -EINVAL;
	down_read(&file->lock);
	all = owns_boxes(file, names->boxes, call) &&
	      owns(file, &names->pages[0], call) &&
	      owns(file, &names->pages[1], call);
	up_read(&file->lock);
	return all ? 0 : -EPERM;
}
