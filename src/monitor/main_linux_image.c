/* SPDX-License-Identifier: Apache-2.0 */
#include <monitor/main_linux_image.h>

#include <elf.h>
#include <string.h>

#include <base/types.h>
#include <core/gate.h>
#include <core/keeper.h>

#define SHA384	     0x000cu /* TCG's number of it */
#define EV_NO_ACTION 3u
#define EV_IPL	     13u
#define PCR_MONITOR  8u

/** The log's first event says which banks the others have. */
struct spec_event {
	uint32_t pcr, type;
	uint8_t digest[20];
	uint32_t size;
	char signature[16];
	uint32_t platform_class;
	uint8_t minor, major, errata, pointer_words;
	uint32_t algorithms;
	uint16_t algorithm, digest_bytes;
	uint8_t vendor_bytes;
} __attribute__((packed));

/** TCG_PCR_EVENT2, of one digest. */
struct image_event {
	uint32_t pcr, type, digests;
	uint16_t algorithm;
	uint8_t digest[CBX_DIGEST_BYTES];
	uint32_t size;
	char name[7];
} __attribute__((packed));

struct boot_log {
	struct spec_event spec;
	struct image_event image;
} __attribute__((packed));

/* Where the linker put this program's head. */
extern const Elf64_Ehdr __ehdr_start;

/* Copy pages onto the desk, and extend the digest by them. */
static enum cbx_status measure_pages(struct cbx_digest *digest,
	struct cbx_record *record, const uint8_t *bytes, uint64_t size)
{
	uint64_t count = cbx_pages_of(size);
	uint64_t last = size - (count - 1) * CBX_PAGE_SIZE;
	enum cbx_status status;

	cbx_gate_lock_take();
	for (uint64_t i = 0; i < count; i++) {
		uint8_t *data = cbx_keeper_data(i);

		memcpy(data, bytes + i * CBX_PAGE_SIZE,
			i + 1 < count ? CBX_PAGE_SIZE : (size_t)last);
		cbx_hal_page_unmap(data);
	}
	record->length = count > 1 ? CBX_PAGE_SIZE : last;
	status = cbx_keeper_extend(record, count, last, digest);
	cbx_gate_lock_drop();
	return status;
}

static enum cbx_status measure_segment(
	struct cbx_digest *digest, const Elf64_Phdr *segment)
{
	const uint8_t *bytes =
		(const uint8_t *)&__ehdr_start + segment->p_offset;
	struct cbx_record record = { .kind = CBX_RECORD_IMAGE,
		.address = segment->p_vaddr,
		.info = segment->p_flags };
	enum cbx_status status = CBX_OK;
	uint64_t n;

	for (uint64_t at = 0; at < segment->p_filesz && status == CBX_OK;
		at += n) {
		n = segment->p_filesz - at < CBX_IO_BYTES_MAX
			    ? segment->p_filesz - at
			    : CBX_IO_BYTES_MAX;
		status = measure_pages(digest, &record, bytes + at, n);
		record.address += n;
	}
	return status;
}

static enum cbx_status measure_image(struct cbx_digest *digest)
{
	const uint8_t *head = (const uint8_t *)&__ehdr_start;
	const Elf64_Phdr *segment =
		(const Elf64_Phdr *)(head + __ehdr_start.e_phoff);
	enum cbx_status status = CBX_OK;

	for (int i = 0; i < __ehdr_start.e_phnum && status == CBX_OK; i++) {
		if (segment[i].p_type == PT_LOAD &&
			(segment[i].p_flags & PF_W) == 0) {
			status = measure_segment(digest, &segment[i]);
		}
	}
	return status;
}

void cbx_monitor_measure_itself(void)
{
	struct boot_log log = {
		.spec = {
			.type = EV_NO_ACTION,
			.size = sizeof(struct spec_event) -
				offsetof(struct spec_event, signature),
			.signature = "Spec ID Event03",
			.major = 2,
			.pointer_words = 2,
			.algorithms = 1,
			.algorithm = SHA384,
			.digest_bytes = CBX_DIGEST_BYTES,
		},
		.image = {
			.pcr = PCR_MONITOR,
			.type = EV_IPL,
			.digests = 1,
			.algorithm = SHA384,
			.size = sizeof(log.image.name),
			.name = { 'm', 'o', 'n', 'i', 't', 'o', 'r' },
		},
	};
	struct cbx_digest digest = { { 0 } };

	if (measure_image(&digest) != CBX_OK) {
		return;
	}
	memcpy(log.image.digest, &digest, sizeof(digest));
	cbx_gate_lock_take();
	if (cbx_keeper_boot(&log, sizeof(log)) != CBX_OK) {
		cbx_hal_log("the monitor could not measure itself");
	}
	cbx_gate_lock_drop();
}
