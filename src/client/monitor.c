/* SPDX-License-Identifier: Apache-2.0 */
#include <client/monitor.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/wire.h>
#include <client/error.h>
#include <client/packet.h>
#include <client/stream.h>

#define HELLO_WAIT_MS 20000
#define CPU_WAIT_MS   5000

static enum cbx_status start_process(const struct cbx_monitor_start *start,
	int socket, struct cbx_process *process)
{
	char name[] = "confbox-monitor";
	char log[] = "CONFBOX_LOG=1";
	char pages[24];
	char cpus[16];
	char *argv[] = { name, pages, cpus, NULL };
	char *envp[] = { start->log ? log : NULL, NULL };
	struct cbx_process_plan plan = { cbx_embed_monitor(), argv, envp,
		socket, start->log };

	(void)snprintf(pages, sizeof(pages), "%" PRIu64, start->page_count);
	(void)snprintf(cpus, sizeof(cpus), "%" PRIu32, start->cpu_count);
	return cbx_process_start(&plan, process);
}

static bool hello_valid(const struct cbx_wire_hello *hello, int file)
{
	struct stat st;

	return fstat(file, &st) == 0 && S_ISREG(st.st_mode) &&
	       hello->page_count >= CBX_WIRE_PAGES_MIN &&
	       hello->page_count < UINT32_MAX && hello->cpu_count >= 2 &&
	       hello->cpu_count <= CBX_WIRE_CPUS_MAX &&
	       (uint64_t)st.st_size == hello->page_count * CBX_PAGE_SIZE;
}

static enum cbx_status map_memory(struct cbx_monitor *monitor, int file)
{
	void *memory = mmap(NULL, monitor->page_count * CBX_PAGE_SIZE,
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);

	if (memory == MAP_FAILED) {
		return cbx_fail_transport(CBX_E_NOMEM, errno,
			"cannot map the monitor's host memory (%" PRIu64
			" MiB)",
			monitor->page_count >> 8);
	}
	(void)madvise(
		memory, monitor->page_count * CBX_PAGE_SIZE, MADV_DONTFORK);
	monitor->memory = memory;
	return CBX_OK;
}

static enum cbx_status accept_hello(struct cbx_monitor *monitor,
	const struct cbx_wire_hello *hello, int file)
{
	if (hello->magic != CBX_WIRE_MAGIC ||
		hello->version != CBX_WIRE_VERSION) {
		return cbx_fail_transport(CBX_E_UNSUPPORTED, 0,
			"the monitor speaks another version of the wire");
	}
	if (file < 0 || !hello_valid(hello, file)) {
		return cbx_fail_transport(CBX_E_HARDWARE, 0,
			"the monitor's greeting makes no sense");
	}
	monitor->page_count = hello->page_count;
	monitor->cpu_count = hello->cpu_count;
	monitor->caps = hello->caps;
	return map_memory(monitor, file);
}

static enum cbx_status greet(struct cbx_monitor *monitor)
{
	struct cbx_wire_hello hello;
	enum cbx_status status;
	int file = -1;

	if (!cbx_packet_wait(monitor->control, HELLO_WAIT_MS)) {
		return cbx_fail_transport(
			CBX_E_HARDWARE, 0, "the monitor does not answer");
	}
	if (!cbx_packet_receive(monitor->control, &hello, sizeof(hello),
		    CBX_WIRE_HELLO, &file)) {
		return cbx_monitor_gone(monitor);
	}
	status = accept_hello(monitor, &hello, file);
	if (file >= 0) {
		close(file);
	}
	return status;
}

enum cbx_status cbx_monitor_start(
	const struct cbx_monitor_start *start, struct cbx_monitor *monitor)
{
	struct cbx_monitor fresh = {
		.process = { -1, -1 }, .control = -1, .started_ns = cbx_now_ns()
	};
	enum cbx_status status;
	int fd[2];

	if (!cbx_packet_pair(fd)) {
		return cbx_fail_transport(
			CBX_E_NOMEM, errno, "cannot start the monitor: socket");
	}
	fresh.control = fd[0];
	status = start_process(start, fd[1], &fresh.process);
	close(fd[1]);
	if (status == CBX_OK) {
		status = greet(&fresh);
	}
	if (status != CBX_OK) {
		cbx_monitor_stop(&fresh);
		return status;
	}
	*monitor = fresh;
	return CBX_OK;
}

void cbx_monitor_stop(struct cbx_monitor *monitor)
{
	if (monitor->control >= 0) {
		(void)shutdown(monitor->control, SHUT_RDWR);
		close(monitor->control);
		monitor->control = -1;
	}
	cbx_process_end(&monitor->process);
}

void cbx_monitor_fini(struct cbx_monitor *monitor)
{
	(void)munmap(monitor->memory, monitor->page_count * CBX_PAGE_SIZE);
	monitor->memory = NULL;
}

void *cbx_monitor_page(const struct cbx_monitor *monitor, uint64_t pfn)
{
	return monitor->memory + pfn * CBX_PAGE_SIZE;
}

void cbx_monitor_forget(
	const struct cbx_monitor *monitor, uint64_t pfn, uint64_t count)
{
	(void)madvise(cbx_monitor_page(monitor, pfn), count * CBX_PAGE_SIZE,
		MADV_REMOVE);
}

enum cbx_status cbx_monitor_gone(const struct cbx_monitor *monitor)
{
	char how[160];

	if (monitor->process.fd < 0) {
		return cbx_fail_transport(
			CBX_E_HARDWARE, 0, "the context was closed");
	}
	cbx_process_death(&monitor->process, how, sizeof(how));
	return cbx_fail_transport(
		CBX_E_HARDWARE, 0, "the monitor ended: %s", how);
}

static enum cbx_status receive_ready(const struct cbx_monitor *monitor)
{
	struct cbx_wire_cpu_ready ready;

	if (!cbx_packet_wait(monitor->control, CPU_WAIT_MS) ||
		!cbx_packet_receive(monitor->control, &ready, sizeof(ready),
			CBX_WIRE_CPU_READY, NULL)) {
		return cbx_monitor_gone(monitor);
	}
	if (ready.status != CBX_OK) {
		return cbx_fail_transport(
			CBX_E_NOMEM, 0, "every CPU of the context is in use");
	}
	return CBX_OK;
}

enum cbx_status cbx_monitor_cpu(const struct cbx_monitor *monitor, int *fd)
{
	struct cbx_wire_cpu_new request = { { CBX_WIRE_CPU_NEW,
		sizeof(request) } };
	enum cbx_status status;
	int pair[2];
	bool sent;

	if (!cbx_packet_pair(pair)) {
		return cbx_fail_transport(
			CBX_E_NOMEM, errno, "cannot get a CPU: socket");
	}
	sent = cbx_packet_send(
		monitor->control, &request, sizeof(request), pair[1]);
	close(pair[1]);
	status = sent ? receive_ready(monitor) : cbx_monitor_gone(monitor);
	if (status != CBX_OK) {
		close(pair[0]);
		return status;
	}
	*fd = pair[0];
	return CBX_OK;
}
