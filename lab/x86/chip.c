/* SPDX-License-Identifier: Apache-2.0 */
#include "chip.h"

#include "asm.h"
#include "library.h"
#include "machine.h"
#include "say.h"
#include "snp/bytes.h"
#include "snp/cpuid.h"

#define MAGIC	    0x706968632062616cull /* "lab chip" */
#define LEAF_FAMILY 1u
#define INFO	    0x1u /* SMT is on */
#define TRIES	    1000

/* What the loader put there. */
struct chip {
	uint64_t magic;
	uint8_t id[64];
	uint64_t tcb;
	uint8_t vcek[SNP_SCALAR];
	uint32_t table_bytes;
	uint32_t reserved;
	uint8_t table[];
};

/* What each page adds (PAGE_INFO). */
struct page_info {
	uint8_t digest[SNP_DIGEST], contents[SNP_DIGEST];
	uint16_t bytes;
	uint8_t type, imi, rights3, rights2, rights1, reserved;
	uint64_t gpa;
};
_Static_assert(sizeof(struct page_info) == 0x70, "PAGE_INFO");

static struct snp_firmware firmware;
static const struct chip *chip; /* NULL: none */

static uint64_t draw(void)
{
	uint64_t value;
	bool drawn;

	for (int i = 0; i < TRIES; i++) {
		__asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(drawn));
		if (drawn) {
			return value;
		}
	}
	lab_stop("no random numbers after", TRIES);
}

static void draw_bytes(uint8_t *to, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 8) {
		snp_store(to + i, draw(), 8);
	}
}

static void derive_root(void *result)
{
	static const uint8_t label[] = "lab: root of derived keys";

	*(bool *)result =
		snp_hmac(firmware.vcek, label, sizeof(label), firmware.root);
}

static struct snp_platform platform_of(const struct chip *from)
{
	struct snp_platform platform = { .version = 3,
		.family = 0x19,
		.model = 0x01,
		.stepping = 1, /* Milan */
		.info = INFO,
		.current = from->tcb,
		.reported = from->tcb,
		.committed = from->tcb,
		.launch = from->tcb,
		.major = 1,
		.minor = 55,
		.build = 21 };

	memcpy(platform.chip, from->id, sizeof(platform.chip));
	return platform;
}

static void take(const struct chip *from)
{
	bool derived = false;

	if (from->table_bytes > LAB_CHIP_BYTES - sizeof(*from)) {
		lab_stop("the chip's certificates are too long:",
			from->table_bytes);
	}
	firmware.platform = platform_of(from);
	memcpy(firmware.vcek, from->vcek, sizeof(firmware.vcek));
	lab_library(derive_root, &derived);
	if (!derived) {
		lab_stop("no root of derived keys:", 0);
	}
	chip = from;
}

void lab_chip_start(void)
{
	const struct chip *from = (const struct chip *)LAB_CHIP;

	firmware.guest.policy = LAB_CHIP_POLICY;
	draw_bytes((uint8_t *)firmware.vmpck, sizeof(firmware.vmpck));
	draw_bytes(firmware.guest.report_id, sizeof(firmware.guest.report_id));
	if (from->magic == MAGIC) {
		take(from);
	}
}

/* The next digest from the one before and the page. */
static void extend(void *with)
{
	struct page_info *info = with;
	const uint8_t *page = (const uint8_t *)info->gpa;
	bool good = true;

	if (info->type == LAB_LAUNCHED_DATA ||
		info->type == LAB_LAUNCHED_VMSA) {
		good = snp_digest(page, LAB_PAGE, info->contents);
	}
	if (!good || !snp_digest((const uint8_t *)info, sizeof(*info),
			     firmware.guest.measurement)) {
		lab_stop("no digest of the page", info->gpa);
	}
}

void lab_chip_measure(uint64_t gpa, enum lab_launched what, uint8_t rights)
{
	struct page_info info = { .bytes = sizeof(info),
		.type = (uint8_t)what,
		.rights3 = rights,
		.rights2 = rights,
		.rights1 = rights,
		.gpa = gpa };

	if (chip != NULL) {
		memcpy(info.digest, firmware.guest.measurement,
			sizeof(info.digest));
		lab_library(extend, &info);
	}
}

void lab_chip_secrets(uint64_t gpa)
{
	struct snp_secrets secrets = { .stepping =
					       lab_cpuid(LEAF_FAMILY, 0).eax };

	memcpy(secrets.vmpck, firmware.vmpck, sizeof(secrets.vmpck));
	snp_secrets_page(&secrets, (uint8_t *)gpa);
}

const uint8_t *lab_chip_certificates(uint64_t *bytes)
{
	*bytes = chip == NULL ? 0 : chip->table_bytes;
	return chip == NULL ? NULL : chip->table;
}

struct service {
	const uint8_t *request;
	uint8_t *response;
	enum snp_status status;
};

static void serve(void *with)
{
	struct service *service = with;

	service->status = snp_message_serve(
		&firmware, service->request, service->response);
}

enum snp_status lab_chip_serve(struct lab_cpu *cpu,
	const uint8_t request[SNP_MESSAGE_BYTES],
	uint8_t response[SNP_MESSAGE_BYTES])
{
	struct service service = { request, response, SNP_STATUS_SUCCESS };

	lab_cpu_put_vectors(cpu);
	lab_library(serve, &service);
	return service.status;
}
