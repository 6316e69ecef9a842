/* SPDX-License-Identifier: Apache-2.0 */
/* Building the machine, its lock, and its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <hal/mock/machine.h>

#define PATTERN 0x5a

struct mock_machine mock;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool locked;
static _Thread_local struct mock_cpu *this_cpu
	__attribute__((tls_model("initial-exec"))) = &mock.cpu[0];
static mock_panic_fn *panic_hook;

void mock_lock(void)
{
	pthread_mutex_lock(&mutex);
	locked = true;
}

void mock_unlock(void)
{
	locked = false;
	pthread_mutex_unlock(&mutex);
}

static void *map_zeroed(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mock: mmap");
		abort();
	}
	return memory;
}

static size_t ram_bytes(void)
{
	return mock.options.pages * CBX_PAGE_SIZE;
}

static void set_defaults(struct mock_options *options)
{
	options->pages = options->pages != 0 ? options->pages : 256;
	options->cpus = options->cpus != 0 ? options->cpus : 4;
	options->seed = options->seed != 0 ? options->seed : 1;
	if (options->monitor_pages == 0) {
		options->monitor_pages = 1;
	}
	if (!options->caps_given) {
		options->caps = MOCK_CAPS;
	}
}

/* Memory of a machine that was used before: nothing is zero.  Big machines
 * are for measuring, not for looking at; theirs stays untouched. */
static void dirty_ram(void)
{
	if (mock.options.pages <= 4096) {
		memset(mock.ram, PATTERN, ram_bytes());
	}
}

static void set_views(
	uint64_t first, uint64_t count, enum cbx_hal_kind kind, uint8_t view)
{
	struct cbx_view rounded = mock_view_round((struct cbx_view){ view });

	for (uint64_t i = first; i < first + count; i++) {
		mock.pages[i].kind = (uint8_t)kind;
		mock.pages[i].view = rounded.bits;
		mock.pages[i].share =
			kind == CBX_HAL_OPEN ? MOCK_SHARED : MOCK_PRIVATE;
	}
}

static void set_memory_map(void)
{
	struct cbx_hal_region region;

	for (uint32_t i = 0; cbx_hal_memory(i, &region); i++) {
		uint8_t view = CBX_VIEW_ALL;

		if (region.kind == CBX_HAL_MONITOR) {
			view = CBX_VIEW_NONE;
		} else if (region.kind != CBX_HAL_RAM) {
			view = CBX_VIEW_R | CBX_VIEW_W;
		}
		set_views(region.first.n, region.count, region.kind, view);
	}
}

void mock_boot(const struct mock_options *options)
{
	MOCK_ASSERT(!mock.up);
	mock = (struct mock_machine){ .up = true };
	if (options != NULL) {
		mock.options = *options;
	}
	set_defaults(&mock.options);
	MOCK_ASSERT(mock.options.cpus <= MOCK_CPUS_MAX);
	MOCK_ASSERT(mock.options.pages < UINT32_MAX);
	MOCK_ASSERT(cbx_range_fits(mock.options.monitor_pages,
		mock.options.device_pages + mock.options.open_pages,
		mock.options.pages));
	mock.random = mock.options.seed;
	mock.ram = map_zeroed(ram_bytes());
	mock.pages = map_zeroed(mock.options.pages * sizeof(*mock.pages));
	dirty_ram();
	set_memory_map();
	this_cpu = &mock.cpu[0];
}

void mock_down(void)
{
	if (!mock.up) {
		return;
	}
	for (size_t i = 0; i < mock.space_count; i++) {
		free(mock.spaces[i]);
	}
	free(mock.spaces);
	free(mock.stale);
	munmap(mock.ram, ram_bytes());
	munmap(mock.pages, mock.options.pages * sizeof(*mock.pages));
	mock = (struct mock_machine){ .up = false };
}

void mock_cpu_set(uint32_t cpu)
{
	MOCK_ASSERT(cpu < mock.options.cpus);
	this_cpu = &mock.cpu[cpu];
}

uint32_t cbx_hal_cpu(void)
{
	return (uint32_t)(this_cpu - mock.cpu);
}

uint32_t *cbx_hal_cpu_rank(void)
{
	return &this_cpu->rank;
}

void mock_panic_hook(mock_panic_fn *hook)
{
	panic_hook = hook;
}

_Noreturn void cbx_hal_panic(const char *what, const char *file, int line)
{
	if (locked) {
		mock_unlock();
	}
	if (panic_hook != NULL) {
		panic_hook(what, file, line);
	}
	fprintf(stderr, "mock: panic: %s (%s:%d)\n", what, file, line);
	abort();
}

void *mock_grow(void *array, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room != 0 ? *room : 16;

	while (wanted < count) {
		wanted *= 2;
	}
	if (wanted != *room) {
		array = reallocarray(array, wanted, size);
		MOCK_ASSERT(array != NULL);
		*room = wanted;
	}
	return array;
}

uint64_t mock_pfn_of(const void *pointer)
{
	uintptr_t offset = (uintptr_t)pointer - (uintptr_t)mock.ram;

	MOCK_ASSERT(offset < ram_bytes());
	return offset / CBX_PAGE_SIZE;
}
