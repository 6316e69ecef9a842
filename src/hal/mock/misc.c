/* SPDX-License-Identifier: Apache-2.0 */
/* Small devices: kicks, randomness, reports, time, the log. */
#include <sched.h>
#include <string.h>

#include <hal/mock/machine.h>

void cbx_hal_cpu_relax(void)
{
	sched_yield();
}

void cbx_hal_cpu_kick(uint32_t cpu)
{
	MOCK_ASSERT(cpu < mock.options.cpus);
	atomic_fetch_add(&mock.cpu[cpu].kicks, 1);
	atomic_store(&mock.cpu[cpu].kicked, true);
}

uint64_t mock_kicks(uint32_t cpu)
{
	MOCK_ASSERT(cpu < mock.options.cpus);
	return atomic_load(&mock.cpu[cpu].kicks);
}

/* xorshift64: a seed gives the same bytes again. */
static uint64_t next_random(void)
{
	mock.random ^= mock.random << 13;
	mock.random ^= mock.random >> 7;
	mock.random ^= mock.random << 17;
	return mock.random;
}

enum cbx_status cbx_hal_random(void *buf, size_t size)
{
	uint8_t *bytes = buf;
	enum cbx_status status;

	memset(buf, 0, size);
	mock_lock();
	status = mock.random_fail ? CBX_E_HARDWARE : mock_step(false);
	for (size_t i = 0; status == CBX_OK && i < size; i++) {
		bytes[i] = (uint8_t)next_random();
	}
	mock_unlock();
	return status;
}

void mock_random_fail(bool fail)
{
	mock_lock();
	mock.random_fail = fail;
	mock_unlock();
}

enum cbx_status cbx_hal_report_start(const uint8_t data[CBX_HAL_REPORT_DATA])
{
	enum cbx_status status = CBX_E_UNSUPPORTED;

	mock_lock();
	if (mock.options.root) {
		status = mock_step(false);
	}
	if (status == CBX_OK) {
		memcpy(mock.report, data, sizeof(mock.report));
		mock.report_wait = mock.options.report_delay;
		mock.report_begun = true;
	}
	mock_unlock();
	return status;
}

/* "CBXTEST1" and the data: it proves nothing. */
enum cbx_status cbx_hal_report_next(
	uint32_t index, uint8_t *page, struct cbx_hal_report *report)
{
	static const char magic[8] = "CBXTEST1";
	enum cbx_status status;

	mock_lock();
	MOCK_ASSERT(index == 0 && mock.report_begun);
	status = mock_step(false);
	if (status == CBX_OK && mock.report_wait != 0) {
		mock.report_wait--;
		status = CBX_E_BUSY;
	}
	if (status == CBX_OK) {
		memset(page, 0, CBX_PAGE_SIZE);
		memcpy(page, magic, sizeof(magic));
		memcpy(page + sizeof(magic), mock.report, sizeof(mock.report));
		*report = (struct cbx_hal_report){
			.platform = CBX_PLATFORM_TEST,
			.size = sizeof(magic) + sizeof(mock.report),
		};
	}
	mock_unlock();
	return status;
}

/* The test root: the same for every machine. */
enum cbx_status cbx_hal_root_key(uint8_t key[CBX_SEAL_KEY_BYTES])
{
	if (!mock.options.root) {
		return CBX_E_UNSUPPORTED;
	}
	for (uint8_t i = 0; i < CBX_SEAL_KEY_BYTES; i++) {
		key[i] = i;
	}
	return CBX_OK;
}

uint64_t cbx_hal_ticks(void)
{
	return atomic_load(&mock.ticks);
}

void mock_ticks_set(uint64_t ticks)
{
	atomic_store(&mock.ticks, ticks);
}

void mock_ticks_advance(uint64_t ticks)
{
	atomic_fetch_add(&mock.ticks, ticks);
}

/* Make room for @bytes by dropping the oldest lines. */
static void log_drop(size_t bytes)
{
	while (mock.log_bytes + bytes >= sizeof(mock.log)) {
		const char *end = memchr(mock.log, '\n', mock.log_bytes);
		size_t drop = (size_t)(end - mock.log) + 1;

		memmove(mock.log, mock.log + drop, mock.log_bytes - drop);
		mock.log_bytes -= drop;
	}
}

void cbx_hal_log(const char *text)
{
	size_t bytes = strlen(text);

	MOCK_ASSERT(bytes + 2 < sizeof(mock.log));
	mock_lock();
	log_drop(bytes + 1);
	memcpy(mock.log + mock.log_bytes, text, bytes);
	mock.log_bytes += bytes;
	mock.log[mock.log_bytes++] = '\n';
	mock.log[mock.log_bytes] = '\0';
	mock_unlock();
}

const char *mock_log_text(void)
{
	return mock.log;
}
