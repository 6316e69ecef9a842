/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor that is a process of ours, at the other end of a socket
 * (base/wire.h). */
#include <client/monitor.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <base/wire.h>
#include <client/error.h>
#include <client/packet.h>
#include <client/stream.h>

#define HELLO_WAIT_MS 20000

/* Pages for what the monitor keeps for itself: its keeper. */
#define MONITOR_PAGES 16384u

/* Memory and swap of this machine; more can never be had. */
static uint64_t machine_pages(void)
{
	struct sysinfo info;

	if (sysinfo(&info) != 0) {
		return UINT64_MAX;
	}
	return ((uint64_t)info.totalram + info.totalswap) * info.mem_unit /
	       CBX_PAGE_SIZE;
}

/* @param[out] count  what the monitor is asked for; on a small machine, all of
 * it, unless the caller says how much */
static enum cbx_status choose_pages(uint64_t wanted, uint64_t *count)
{
	uint64_t all = machine_pages();

	*count = wanted;
	if (wanted == 0) {
		*count = all < CBX_WIRE_PAGES_DEFAULT ? all
						      : CBX_WIRE_PAGES_DEFAULT;
	}
	if (*count > all) {
		return cbx_fail(CBX_E_NOMEM,
			"no memory for boxes: %" PRIu64
			" MiB wanted, this machine has %" PRIu64 " MiB",
			*count >> 8, all >> 8);
	}
	*count += MONITOR_PAGES;
	return CBX_OK;
}

static enum cbx_status start_process(const struct cbx_monitor_start *start,
	uint64_t page_count, int socket, struct cbx_process *process)
{
	char name[] = "confbox-monitor";
	char log[] = "CONFBOX_LOG=1";
	char pages[24];
	char cpus[16];
	char *argv[] = { name, pages, cpus, NULL };
	char *envp[] = { start->log ? log : NULL, NULL };
	struct cbx_process_plan plan = { cbx_embed_monitor(), argv, envp,
		socket, start->log };

	(void)snprintf(pages, sizeof(pages), "%" PRIu64, page_count);
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
	uint64_t bytes = monitor->host.count * CBX_PAGE_SIZE;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_NORESERVE, file, 0);

	if (memory == MAP_FAILED) {
		return cbx_fail_transport(CBX_E_NOMEM, errno,
			"cannot map the monitor's host memory (%" PRIu64
			" MiB)",
			monitor->host.count >> 8);
	}
	(void)madvise(memory, bytes, MADV_DONTFORK);
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
	monitor->host = (struct cbx_extent){ 0, hello->page_count };
	monitor->cpu_count = hello->cpu_count;
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

static enum cbx_status start_socket(
	const struct cbx_monitor_start *start, struct cbx_monitor *monitor)
{
	uint64_t page_count;
	enum cbx_status status = choose_pages(start->page_count, &page_count);
	int fd[2];

	if (status != CBX_OK) {
		return status;
	}
	monitor->searched = true;
	monitor->started_ns = cbx_now_ns();
	if (!cbx_packet_pair(fd)) {
		return cbx_fail_transport(
			CBX_E_NOMEM, errno, "cannot start the monitor: socket");
	}
	monitor->control = fd[0];
	status = start_process(start, page_count, fd[1], &monitor->process);
	close(fd[1]);
	return status == CBX_OK ? greet(monitor) : status;
}

static void stop_socket(struct cbx_monitor *monitor)
{
	if (monitor->control >= 0) {
		(void)shutdown(monitor->control, SHUT_RDWR);
		close(monitor->control);
		monitor->control = -1;
	}
	cbx_process_end(&monitor->process);
}

static void forget_pages(
	const struct cbx_monitor *monitor, uint64_t pfn, uint64_t count)
{
	(void)madvise(cbx_monitor_page(monitor, pfn), count * CBX_PAGE_SIZE,
		MADV_REMOVE);
}

static enum cbx_status gone_process(const struct cbx_monitor *monitor)
{
	char how[160];

	cbx_process_death(&monitor->process, how, sizeof(how));
	return cbx_fail_transport(
		CBX_E_HARDWARE, 0, "the monitor ended: %s", how);
}

/* However late: who went without the answer would take it for the next one's. */
static enum cbx_status receive_ready(const struct cbx_monitor *monitor)
{
	struct cbx_wire_cpu_ready ready;

	if (!cbx_packet_receive(monitor->control, &ready, sizeof(ready),
		    CBX_WIRE_CPU_READY, NULL)) {
		return cbx_monitor_gone(monitor);
	}
	if (ready.status == CBX_E_BUSY) {
		return cbx_fail_transport(
			CBX_E_NOMEM, 0, "every CPU of the context is in use");
	}
	return ready.status == CBX_OK
		       ? CBX_OK
		       : cbx_fail_transport(CBX_E_NOMEM, EAGAIN,
				 "the monitor gets no thread or descriptor "
				 "for a CPU");
}

static enum cbx_status open_lane(
	const struct cbx_monitor *monitor, struct cbx_lane *lane)
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
	*lane = (struct cbx_lane){ .fd = pair[0] };
	return CBX_OK;
}

static bool send_call(const struct cbx_monitor *monitor, struct cbx_lane *lane,
	const struct cbx_call *call)
{
	struct cbx_wire_call packet = { { CBX_WIRE_CALL, sizeof(packet) },
		*call };

	(void)monitor;
	return cbx_packet_send(lane->fd, &packet, sizeof(packet), -1);
}

static bool wait_reply(const struct cbx_lane *lane, int ms)
{
	return cbx_packet_wait(lane->fd, ms);
}

static bool receive_reply(const struct cbx_monitor *monitor,
	struct cbx_lane *lane, struct cbx_reply *reply)
{
	struct cbx_wire_reply packet;

	(void)monitor;
	if (!cbx_packet_receive(
		    lane->fd, &packet, sizeof(packet), CBX_WIRE_REPLY, NULL)) {
		return false;
	}
	*reply = packet.reply;
	return true;
}

static const struct cbx_transport by_socket = {
	.start = start_socket,
	.stop = stop_socket,
	.forget = forget_pages,
	.gone = gone_process,
	.open = open_lane,
	.send = send_call,
	.wait = wait_reply,
	.receive = receive_reply,
};

const struct cbx_transport *const cbx_transport_other = &by_socket;
