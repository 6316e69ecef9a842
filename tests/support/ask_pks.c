/* SPDX-License-Identifier: Apache-2.0 */
/* The host touches the direct map, and what comes of it is the answer; what a
 * page really holds is read through the tests' own map of memory. */
#include <string.h>

#include <core/page.h>

#include "support/ask.h"
#include "support/bare/bare.h"
#include "support/bare/puppet.h"
#include "support/check.h"

static uint64_t direct(uint64_t pfn, size_t offset)
{
	return CBX_DIRECT_VA + (pfn << CBX_PAGE_SHIFT) + offset;
}

void *ask_place(uint64_t pfn)
{
	assert_true(pfn < cbx_hal_page_count());
	return bare_page(pfn);
}

bool ask_host_read(uint64_t pfn, size_t offset, void *buf, size_t bytes)
{
	return puppet_read(direct(pfn, offset), buf, bytes);
}

bool ask_host_write(uint64_t pfn, size_t offset, const void *buf, size_t bytes)
{
	return puppet_write(direct(pfn, offset), buf, bytes);
}

/* The host tries, with a byte that was not there before. */
bool ask_host_may(uint64_t pfn, uint8_t bit)
{
	volatile uint8_t *place = ask_place(pfn);
	const uint8_t was = *place;
	uint8_t other = was ^ 0xff;
	uint8_t got = was;
	bool arrives;

	if (bit == CBX_VIEW_W) {
		arrives = ask_host_write(pfn, 0, &other, 1);
		assert_int_equal(*place == other, arrives);
	} else {
		*place = other;
		arrives = ask_host_read(pfn, 0, &got, 1);
		assert_true(!arrives || got == other);
	}
	*place = was;
	return arrives;
}

bool ask_host_finds_any(const uint64_t *words, uint32_t count)
{
	struct puppet_mail *mail = puppet_mail();

	memcpy(puppet_bytes(), words, count * sizeof(words[0]));
	mail->va = CBX_DIRECT_VA;
	mail->count = cbx_hal_page_count();
	mail->size = count;
	(void)puppet_do(PUPPET_FIND);
	assert_true(mail->seen != 0);
	return mail->found != 0;
}

/* Its first word is enough: it is not there either. */
bool ask_host_finds(const void *bytes, size_t size)
{
	uint64_t word;

	assert_true(size >= sizeof(word));
	memcpy(&word, bytes, sizeof(word));
	return ask_host_finds_any(&word, 1);
}

bool ask_program(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);

	return (page->state == CBX_PAGE_META && page->owner == 0) ||
	       puppet_owns(pfn);
}

/* It can look at everything on an ordinary machine, and the backend says so:
 * there is nothing to ask. */
bool ask_hypervisor_may(uint64_t pfn)
{
	(void)pfn;
	return false;
}

void ask_page(uint64_t pfn, size_t offset, void *buf, size_t bytes)
{
	memcpy(buf, (const uint8_t *)ask_place(pfn) + offset, bytes);
}

bool ask_zero(uint64_t pfn)
{
	const uint64_t *word = ask_place(pfn);
	uint64_t some = 0;

	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		some |= word[i];
	}
	return some == 0;
}

void ask_put(uint64_t pfn, size_t offset, const void *buf, size_t bytes)
{
	memcpy((uint8_t *)ask_place(pfn) + offset, buf, bytes);
}
