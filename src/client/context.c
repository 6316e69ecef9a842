/* SPDX-License-Identifier: Apache-2.0 */
#include <client/context.h>

#include <stdlib.h>
#include <string.h>

#include <base/wire.h>
#include <client/error.h>
#include <client/share.h>
#include <client/sized.h>

#define MEMORY_MIN (1ull << 20)
#define MEMORY_MAX (1ull << 43) /* pages are numbered with 32 bits */

static enum cbx_status read_options(
	const struct cbx_options *options, struct cbx_monitor_start *start)
{
	struct cbx_options known = { sizeof(known), 0, 0, 0 };

	if (options != NULL && !cbx_sized_read(&known, sizeof(known), options,
				       sizeof(known))) {
		return cbx_fail(CBX_E_INVALID,
			"context options: of an unknown size or version");
	}
	if (known.cpu_count == 0) {
		known.cpu_count = CBX_WIRE_CPUS_DEFAULT;
	}
	if (known.memory_bytes != 0 &&
		(known.memory_bytes < MEMORY_MIN ||
			known.memory_bytes > MEMORY_MAX)) {
		return cbx_fail(CBX_E_INVALID,
			"context memory: must be 1 MiB to 8 TiB");
	}
	if (known.cpu_count < 2 || known.cpu_count > CBX_WIRE_CPUS_MAX ||
		(known.flags & ~CBX_OPEN_LOG) != 0) {
		return cbx_fail(CBX_E_INVALID,
			"context options: CPUs must be 2 to %u, flags known",
			CBX_WIRE_CPUS_MAX);
	}
	start->page_count = known.memory_bytes / CBX_PAGE_SIZE;
	start->cpu_count = known.cpu_count;
	start->log = (known.flags & CBX_OPEN_LOG) != 0;
	return CBX_OK;
}

static bool init_tables(struct cbx_context *context)
{
	if (!cbx_pool_init(&context->pool)) {
		return false;
	}
	if (pthread_mutex_init(&context->lock, NULL) != 0 ||
		pthread_mutex_init(&context->service_lock, NULL) != 0 ||
		pthread_mutex_init(&context->share_lock, NULL) != 0 ||
		pthread_cond_init(&context->cpu_idle, NULL) != 0) {
		cbx_pool_fini(&context->pool);
		return false;
	}
	context->holders = 1;
	return true;
}

static enum cbx_status ask_version(
	struct cbx_context *context, struct cbx_capabilities *known)
{
	struct cbx_call call = { .id = CBX_CALL_VERSION };
	struct cbx_reply reply;
	enum cbx_status status = cbx_context_call(context, &call, &reply);

	known->abi_major = (uint32_t)reply.ret[0];
	known->abi_minor = (uint32_t)reply.ret[1];
	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, reply.status,
					  "the monitor's version");
}

static enum cbx_status check_version(struct cbx_context *context)
{
	struct cbx_capabilities known = { 0 };
	enum cbx_status status = ask_version(context, &known);

	if (status == CBX_OK && known.abi_major != CBX_ABI_MAJOR) {
		return cbx_fail_transport(CBX_E_UNSUPPORTED, 0,
			"the monitor speaks version %u.%u, this library %u.%u",
			known.abi_major, known.abi_minor, CBX_ABI_MAJOR,
			CBX_ABI_MINOR);
	}
	return status;
}

/* Whether the monitor left a page to the host. */
static enum cbx_status ask_usable(
	struct cbx_context *context, uint64_t pfn, bool *usable)
{
	struct cbx_call call = { .id = CBX_CALL_PAGE_QUERY, .arg = { pfn } };
	const uint64_t both = CBX_VIEW_R | CBX_VIEW_W;
	struct cbx_reply reply;
	enum cbx_status status = cbx_context_call(context, &call, &reply);

	*usable = (reply.ret[1] & both) == both;
	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, reply.status,
					  "the monitor's memory map");
}

/* The monitor takes page 0 and what it needs from the end: look for where
 * that begins. */
static enum cbx_status find_usable(struct cbx_context *context)
{
	uint64_t low = 1; /* all below is usable, or page 0 */
	uint64_t high = context->monitor.host.count;
	enum cbx_status status = CBX_OK;

	while (low < high && status == CBX_OK) {
		uint64_t middle = low + (high - low) / 2;
		bool usable;

		status = ask_usable(context, middle, &usable);
		if (usable) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (status == CBX_OK && low > 1) {
		cbx_pool_add(&context->pool, (struct cbx_extent){ 1, low - 1 });
	}
	return status;
}

static enum cbx_status start(
	struct cbx_context *context, const struct cbx_monitor_start *how)
{
	enum cbx_status status = cbx_monitor_start(how, &context->monitor);

	if (status != CBX_OK) {
		free(context);
		return status;
	}
	if (!init_tables(context)) {
		cbx_monitor_stop(&context->monitor);
		cbx_monitor_fini(&context->monitor);
		free(context);
		return cbx_fail_memory("cannot open a context");
	}
	status = check_version(context);
	if (status == CBX_OK && context->monitor.searched) {
		status = find_usable(context);
	} else if (status == CBX_OK) {
		cbx_pool_add(&context->pool, context->monitor.host);
	}
	if (status != CBX_OK) {
		cbx_context_close(context);
	}
	return status;
}

enum cbx_status cbx_context_open(
	const struct cbx_options *options, struct cbx_context **context)
{
	struct cbx_monitor_start how;
	struct cbx_context *fresh;
	enum cbx_status status = read_options(options, &how);

	if (status != CBX_OK) {
		return status;
	}
	fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return cbx_fail_memory("cannot open a context");
	}
	status = start(fresh, &how);
	if (status == CBX_OK) {
		*context = fresh;
	}
	return status;
}

void cbx_context_hold(struct cbx_context *context)
{
	pthread_mutex_lock(&context->lock);
	context->holders++;
	pthread_mutex_unlock(&context->lock);
}

static void free_cpus(struct cbx_context *context)
{
	if (context->service != NULL) {
		context->service->next = context->idle;
		context->idle = context->service;
	}
	while (context->idle != NULL) {
		struct cbx_cpu *cpu = context->idle;

		context->idle = cpu->next;
		cbx_lane_close(&cpu->lane);
		free(cpu);
	}
}

void cbx_context_release(struct cbx_context *context)
{
	bool last;

	pthread_mutex_lock(&context->lock);
	last = --context->holders == 0;
	pthread_mutex_unlock(&context->lock);
	if (!last) {
		return;
	}
	free_cpus(context);
	cbx_monitor_fini(&context->monitor);
	cbx_pool_fini(&context->pool);
	pthread_cond_destroy(&context->cpu_idle);
	pthread_mutex_destroy(&context->service_lock);
	pthread_mutex_destroy(&context->lock);
	free(context);
}

void cbx_context_close(struct cbx_context *context)
{
	if (context == NULL) {
		return;
	}
	cbx_monitor_stop(&context->monitor);
	cbx_share_end(context);
	cbx_context_release(context);
}

static enum cbx_status ask_caps(
	struct cbx_context *context, struct cbx_capabilities *known)
{
	struct cbx_call call = { .id = CBX_CALL_CAPS };
	struct cbx_reply reply;
	enum cbx_status status = cbx_context_call(context, &call, &reply);

	known->caps = reply.ret[0];
	known->backend = (enum cbx_backend)reply.ret[1];
	known->page_count = reply.ret[2];
	known->cpu_count = (uint32_t)reply.ret[3];
	known->free_pages = cbx_pool_free_pages(&context->pool);
	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, reply.status,
					  "the monitor's capabilities");
}

static enum cbx_status ask_boot(
	struct cbx_context *context, struct cbx_capabilities *known)
{
	struct cbx_call call = { .id = CBX_CALL_BOOT_DIGEST };
	struct cbx_reply reply;
	enum cbx_status status = cbx_context_call(context, &call, &reply);

	if (reply.status == CBX_E_UNSUPPORTED) {
		return CBX_OK; /* a system of which nobody says what it is */
	}
	known->boot_measured = 1;
	memcpy(known->boot_digest, reply.ret, sizeof(known->boot_digest));
	return status == CBX_OK
		       ? CBX_OK
		       : cbx_fail_call(status, reply.status, "the boot digest");
}

enum cbx_status cbx_context_query(
	struct cbx_context *context, struct cbx_capabilities *capabilities)
{
	struct cbx_capabilities known = { 0 };
	enum cbx_status status;

	if (!cbx_sized_valid(capabilities, sizeof(*capabilities))) {
		return cbx_fail(
			CBX_E_INVALID, "capabilities: of an unknown size");
	}
	status = ask_caps(context, &known);
	if (status == CBX_OK) {
		status = ask_version(context, &known);
	}
	if (status == CBX_OK) {
		status = ask_boot(context, &known);
	}
	if (status == CBX_OK) {
		cbx_sized_write(capabilities, &known, sizeof(known));
	}
	return status;
}

const char *cbx_backend_name(enum cbx_backend backend)
{
	static const char *const names[] = { "mock", "linux", "pks-vm", "snp",
		"tdx", "cca" };

	if ((unsigned int)backend >= sizeof(names) / sizeof(names[0])) {
		return "unknown";
	}
	return names[backend];
}

const char *cbx_capabilities_text(uint64_t caps)
{
	if ((caps & CBX_CAP_HOST_KERNEL_OUT) == 0) {
		return "process isolation; the kernel and root are not kept "
		       "out";
	}
	if ((caps & CBX_CAP_HYPERVISOR_OUT) == 0) {
		return "the guest kernel and root are kept out; the "
		       "hypervisor is not";
	}
	if ((caps & CBX_CAP_HARDWARE_ROOT) == 0) {
		return "the guest kernel and the hypervisor are kept out; "
		       "nothing in hardware proves it";
	}
	return "the guest kernel and the hypervisor are kept out, as the "
	       "hardware proves";
}

const char *cbx_version(void)
{
	return CBX_VERSION_TEXT;
}
