/* SPDX-License-Identifier: Apache-2.0 */
/* The host on this CPU, as the loop sees it. */
#include <arch/x86_64/machine.h>
#include <arch/x86_64/space.h>
#include <hal/hal.h>
#include <hal/snp/cpu.h>
#include <hal/snp/mail.h>
#include <hal/snp/serve.h>
#include <hal/snp/use.h>

struct cbx_snp_ghcb *cbx_snp_ghcb(void)
{
	return &cbx_snp_cpu()->ghcb;
}

struct cbx_hal_caps cbx_hal_caps(void)
{
	return (struct cbx_hal_caps){
		.bits = CBX_CAP_HARDWARE_ROOT | CBX_CAP_HOST_KERNEL_OUT |
			CBX_CAP_HYPERVISOR_OUT | CBX_CAP_DMA |
			CBX_CAP_VIEW_FAULTS | CBX_CAP_EXECUTE_ONLY |
			CBX_CAP_EXECUTE_MODES | CBX_CAP_CPUID | cbx_x86_caps(),
		.backend = CBX_BACKEND_SNP,
	};
}

/* #HV, or what no hypervisor can bring into VMPL0 but by it. */
void cbx_x86_interrupt(uint32_t vector)
{
	(void)vector;
	cbx_snp_bell_take();
}

/* Read once: the host may have another CPU that writes. */
static void read_call(const struct cbx_area *area, struct cbx_call *call)
{
	const volatile struct cbx_call *from = &area->call;

	call->id = from->id;
	call->reserved = from->reserved;
	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		call->arg[i] = from->arg[i];
	}
}

static void say(struct cbx_area *area, const struct cbx_reply *reply)
{
	area->reply = *reply;
	area->ticks = cbx_hal_ticks();
}

/* What the host left for. @return whether the core is asked for a call's sake */
static bool look(
	uint32_t cpu, const struct cbx_snp_left *left, struct cbx_event *event)
{
	switch (left->why) {
	case CBX_SNP_GATE:
		event->kind = CBX_EVENT_CALL;
		read_call(cbx_snp_cpu()->host.gates, &event->call);
		break;
	case CBX_SNP_FAULT:
		event->kind = CBX_EVENT_FAULT;
		event->pfn = left->pfn;
		event->access = left->access;
		break;
	case CBX_SNP_CALL:
		return cbx_snp_serve(cpu, &left->registers, event);
	case CBX_SNP_NOTHING:
		break;
	}
	return false;
}

/* A hypervisor that did not run it is asked again; a CPU that has no host waits
 * until somebody kicks it. */
static bool run(uint32_t cpu, struct cbx_event *event)
{
	struct cbx_snp_left left = { .why = CBX_SNP_NOTHING };
	enum cbx_status status;

	cbx_snp_bell_take(); /* what it was kicked for is seen after this */
	status = cbx_snp_serve_run(cpu, &cbx_snp_cpu()->host, &left);
	if (status == CBX_E_STATE) {
		cbx_x86_halt();
	}
	return status == CBX_OK && look(cpu, &left, event);
}

void cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event)
{
	struct cbx_snp_cpu *own = cbx_snp_cpu();

	*event = (struct cbx_event){ .kind = CBX_EVENT_TICK };
	cbx_x86_space_rest();
	if (own->crashed) {
		event->kind = CBX_EVENT_CRASH;
		return;
	}
	if (reply != NULL && own->asks) {
		own->asks = cbx_snp_serve_more(cpu, reply, event);
	} else if (reply != NULL) {
		say(own->host.gates, reply);
	}
	if (!own->asks && cbx_snp_mail_step(cpu, cbx_snp_vcpus[cpu].vmsa.n != 0,
				  &event->pfn)) {
		event->kind = CBX_EVENT_LETTER;
		return;
	}
	own->asks = own->asks || run(cpu, event);
}

void cbx_hal_host_fault(uint32_t cpu)
{
	void *vmsa = cbx_hal_page_map(cbx_snp_vcpus[cpu].runs);

	cbx_snp_cpu()->crashed = !cbx_vmsa_raise(vmsa);
	cbx_hal_page_unmap(vmsa);
}
