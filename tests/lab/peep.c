/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service that turns on its box: while the box holds a secret, the kernel
 * below this process tries to read each page of it, and the monitor's.
 *
 *   peep IMAGE      the image's program copies input to output
 */
#include <base/device.h>
#include <client/box.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <arch/x86_64/layout.h>
#include <hal/pks-vm/host.h>
#include <host/os/test_device.h>

#define SECRET "the client's secret"

#define VECTOR_PF 14u

struct tries {
	uint64_t pages;
	uint64_t faults;
	uint64_t error; /* of the last one */
};

struct peep {
	struct cbx_context *context;
	int kernel;
	uint32_t fed;
	struct tries box;
	struct tries monitor;
	struct tries key;
	bool broken;
};

static bool try_read(struct peep *peep, uint64_t va, struct tries *tries)
{
	struct os_probe probe = { .va = va, .op = OS_PROBE_READ };

	if (ioctl(peep->kernel, (unsigned long)OS_TEST_PROBE, &probe) != 0) {
		return false;
	}
	tries->pages++;
	if (probe.trapped != 0 && probe.vector == VECTOR_PF) {
		tries->faults++;
		tries->error = probe.error;
	}
	return true;
}

static bool try_page(struct peep *peep, uint64_t pfn)
{
	struct cbx_call call = { .id = CBX_CALL_PAGE_QUERY, .arg = { pfn } };
	struct cbx_reply reply;
	uint64_t va = CBX_DIRECT_VA + (pfn << 12);

	if (cbx_context_call(peep->context, &call, &reply) != CBX_OK) {
		return false;
	}
	if (reply.ret[2] != 0) {
		return try_read(peep, va, &peep->box);
	}
	return (reply.ret[1] & CBX_VIEW_R) != 0 ||
	       try_read(peep, va, &peep->monitor);
}

static void look(struct peep *peep)
{
	struct cbx_capabilities info = { .size = sizeof(info) };

	peep->broken = cbx_context_query(peep->context, &info) != CBX_OK;
	for (uint64_t i = 0; i < info.page_count && !peep->broken; i++) {
		peep->broken = !try_page(peep, i);
	}
	if (!peep->broken) {
		peep->broken = !try_read(peep, CBX_PAGES_VA, &peep->key) ||
			       !try_read(peep, CBX_FRAMES_VA, &peep->key);
	}
}

/* The secret first; when the box asks for more, it has it. */
static int64_t input(void *arg, void *buf, size_t size)
{
	struct peep *peep = arg;

	if (peep->fed++ == 0 && size >= sizeof(SECRET)) {
		memcpy(buf, SECRET, sizeof(SECRET));
		return sizeof(SECRET);
	}
	look(peep);
	return 0;
}

static int64_t output(
	void *arg, enum cbx_port port, const void *buf, size_t size)
{
	struct peep *peep = arg;

	(void)port;
	peep->broken = peep->broken || size != sizeof(SECRET) ||
		       memcmp(buf, SECRET, size) != 0;
	return (int64_t)size;
}

static bool say(const char *what, const struct tries *tries)
{
	(void)printf("%s: %" PRIu64 " read by the kernel, %" PRIu64
		     " page faults (error code %#" PRIx64 ")\n",
		what, tries->pages, tries->faults, tries->error);
	return tries->pages != 0 && tries->faults == tries->pages;
}

static int run(struct peep *peep, struct cbx_image *image)
{
	const struct cbx_run how = { .size = sizeof(how),
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = 2,
		.arg = peep,
		.input = input,
		.output = output };
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_box *box = NULL;
	bool good;

	if (cbx_box_load(peep->context, image, &box) != CBX_OK ||
		cbx_box_run(box, &how, &result) != CBX_OK) {
		(void)fprintf(stderr, "peep: %s\n", cbx_error_last()->text);
		return 2;
	}
	cbx_box_destroy(box);
	good = say("pages of boxes", &peep->box);
	good = say("pages of the monitor", &peep->monitor) && good;
	good = say("the monitor's mappings, by their key", &peep->key) && good;
	if (peep->broken || result.exit_status != 0) {
		(void)fprintf(
			stderr, "peep: the box did not come to its end\n");
		return 2;
	}
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct peep peep = { .kernel = open(OS_TEST_PATH, O_RDWR | O_CLOEXEC) };
	struct cbx_image *image = NULL;
	int status = 2;

	if (argc != 2 || peep.kernel < 0) {
		(void)fprintf(stderr, "peep: an image, and %s\n", OS_TEST_PATH);
		return 2;
	}
	if (cbx_context_open(NULL, &peep.context) == CBX_OK &&
		cbx_image_load(argv[1], &image) == CBX_OK) {
		status = run(&peep, image);
	} else {
		(void)fprintf(stderr, "peep: %s\n", cbx_error_last()->text);
	}
	cbx_image_destroy(image);
	cbx_context_close(peep.context);
	return status;
}
