/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <core/assert.h>
#include <core/gate.h>
#include <core/keeper.h>
#include <core/run.h>
#include <core/space.h>

static uint32_t keeper;	  /* its handle; 0 = none yet */
static uint64_t desk_pfn; /* first page of its desk */
static bool dead;

static struct cbx_digest boot_digest;
static bool booted; /* boot_digest holds */

void cbx_keeper_init(void)
{
	keeper = 0;
	desk_pfn = 0;
	dead = false;
	booted = false;
}

bool cbx_keeper_ready(void)
{
	return keeper != 0;
}

/* The page at which the desk begins, if it is whole and in one piece. */
static bool find_desk(const struct cbx_domain *d, uint64_t *pfn)
{
	struct cbx_space *space = cbx_space_hold(d, d->spaces.head);
	struct cbx_mapping first;
	uint64_t n;

	CBX_ASSERT(space != NULL);
	n = cbx_space_run(
		space, (struct cbx_va){ CBX_DESK_VA }, CBX_DESK_PAGES, &first);
	cbx_space_drop(space);
	if (n != CBX_DESK_PAGES) {
		return false;
	}
	*pfn = first.pfn.n;
	return true;
}

enum cbx_status cbx_keeper_adopt(uint64_t handle)
{
	struct cbx_domain *d = cbx_domain_hold(handle);
	enum cbx_status status = CBX_E_STATE;

	if (d == NULL) {
		return CBX_E_STATE;
	}
	if (keeper == 0 && d->keeper && d->state == CBX_DOMAIN_READY &&
		find_desk(d, &desk_pfn)) {
		status = cbx_run_keeper(d);
	}
	if (status == CBX_OK) {
		keeper = (uint32_t)handle;
	}
	cbx_domain_drop(d);
	return status;
}

uint8_t *cbx_keeper_data(uint64_t i)
{
	CBX_ASSERT(keeper != 0 && i < CBX_DESK_DATA_PAGES);
	return cbx_hal_page_map((struct cbx_pfn){ desk_pfn + 1 + i });
}

void cbx_keeper_copy(struct cbx_pfn to, uint64_t count)
{
	CBX_ASSERT(keeper != 0 && count <= CBX_DESK_DATA_PAGES);
	cbx_hal_page_copy(to, (struct cbx_pfn){ desk_pfn + 1 }, count);
}

/* Lay a request on the desk, let the keeper serve it, take the answer. */
static enum cbx_status serve(struct cbx_domain *d, struct cbx_desk *request)
{
	void *desk = cbx_hal_page_map((struct cbx_pfn){ desk_pfn });
	enum cbx_status status;

	memcpy(desk, request, sizeof(*request));
	cbx_hal_page_unmap(desk);
	status = cbx_run_keeper(d);
	if (status != CBX_OK) {
		return CBX_E_HARDWARE;
	}
	desk = cbx_hal_page_map((struct cbx_pfn){ desk_pfn });
	memcpy(request, desk, sizeof(*request));
	cbx_hal_page_unmap(desk);
	return CBX_OK;
}

enum cbx_status cbx_keeper_extend(const struct cbx_record *record,
	uint64_t count, uint64_t last_length, struct cbx_digest *digest)
{
	struct cbx_desk request = {
		.op = CBX_DESK_EXTEND,
		.count = count,
		.record = *record,
		.last_length = last_length,
	};
	struct cbx_domain *d = dead ? NULL : cbx_domain_hold(keeper);
	enum cbx_status status;

	if (d == NULL) {
		return CBX_E_HARDWARE;
	}
	memcpy(request.digest, digest, sizeof(*digest));
	status = serve(d, &request);
	if (status == CBX_OK) {
		memcpy(digest, request.digest, sizeof(*digest));
	} else if (d->state == CBX_DOMAIN_DYING) {
		dead = true;
		cbx_hal_log("the keeper died; nothing can be measured");
	}
	cbx_domain_drop(d);
	return status;
}

enum cbx_status cbx_keeper_boot(const void *log, size_t size)
{
	static const struct cbx_record record = { .kind = CBX_RECORD_BOOT };
	struct cbx_digest digest = { { 0 } };
	uint8_t *data = cbx_keeper_data(0);
	enum cbx_status status;

	CBX_ASSERT(size <= CBX_PAGE_SIZE);
	memcpy(data, log, size);
	cbx_hal_page_unmap(data);
	status = cbx_keeper_extend(&record, 1, size, &digest);
	if (status == CBX_OK) {
		boot_digest = digest;
		booted = true;
	}
	return status;
}

enum cbx_status cbx_gate_boot_digest(struct cbx_gate *g)
{
	if (!booted) {
		return CBX_E_UNSUPPORTED;
	}
	memcpy(g->ret, &boot_digest, sizeof(boot_digest));
	return CBX_OK;
}
