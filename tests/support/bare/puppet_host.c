/* SPDX-License-Identifier: Apache-2.0 */
/* The puppet: take an order, do it, report. */
#include "support/bare/puppet.h"

const struct cbx_reply *host_gate(const struct cbx_call *call);
void host_trap(void);
void host_trapped(void);
void host_other(void);
_Noreturn void host_lost(void);
_Noreturn void host_main(uint64_t cpu);
extern uint8_t host_trap_stacks[][CBX_PAGE_SIZE];

int probe_copy(void *to, const void *from, uint64_t size);
int probe_call(uint64_t va);
int probe_int(uint64_t number);
int probe_bases(uint64_t base);
int probe_dump(void *to);
int probe_jump(
	uint64_t va, const struct cbx_call *call, uint64_t rcx, uint64_t flags);

void *memcpy(void *restrict to, const void *restrict from, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	uint8_t *at = to;

	__asm__ volatile("rep movsb"
			 : "+D"(at), "+S"(from), "+c"(size)
			 :
			 : "memory");
	return to;
}

static struct puppet_mail *mail_of(uint64_t page)
{
	return (struct puppet_mail *)(CBX_DIRECT_VA + (page << CBX_PAGE_SHIFT));
}

static uint8_t *bytes_of(struct puppet_mail *mail)
{
	return (uint8_t *)mail + CBX_PAGE_SIZE;
}

static struct cbx_pks_trap *trap_page(void)
{
	return (struct cbx_pks_trap *)(CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP);
}

static struct puppet_mail *my_mail(void)
{
	return *(struct puppet_mail **)(PUPPET_OWN_VA + PUPPET_OWN_MAIL);
}

static uint64_t own(uint64_t at)
{
	return *(volatile uint64_t *)(PUPPET_OWN_VA + at);
}

void host_trapped(void)
{
	struct cbx_pks_trap *trap = trap_page();
	struct puppet_mail *mail = my_mail();

	mail->vector = trap->vector;
	mail->error = trap->error;
	mail->cr2 = trap->cr2;
	*(volatile uint64_t *)&trap->busy = 0;
}

/* A trap outside of a probe: tell the address, and be no more. */
_Noreturn void host_lost(void)
{
	const struct cbx_pks_trap *trap = trap_page();
	const struct cbx_call call = {
		.id = PUPPET_LOST,
		.arg = { trap->vector, trap->error, trap->cr2, trap->regs.rip },
	};

	for (;;) {
		(void)host_gate(&call);
	}
}

static void play(struct puppet_mail *mail)
{
	for (uint64_t i = 0; i < mail->count; i++) {
		mail->reply[i] = *host_gate(&mail->call[i]);
	}
}

static bool has_word(
	const uint64_t *page, const uint64_t *words, uint64_t count)
{
	uint64_t some = 0;

#pragma GCC unroll 16
	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		some |= page[i];
	}
	if (some == 0) { /* the words are not zero */
		return false;
	}
	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		for (uint64_t j = 0; j < count; j++) {
			if (page[i] == words[j]) {
				return true;
			}
		}
	}
	return false;
}

/* Everywhere but in its own mail. */
static void find(struct puppet_mail *mail)
{
	const uint64_t *words = (const uint64_t *)(void *)bytes_of(mail);
	uint64_t value;

	mail->found = 0;
	mail->seen = 0;
	for (uint64_t i = 0; i < mail->count && mail->found == 0; i++) {
		const uint64_t *page =
			(const uint64_t *)(mail->va + (i << CBX_PAGE_SHIFT));

		if (page == (const uint64_t *)(void *)mail || page == words ||
			probe_copy(&value, page, sizeof(value)) != 0) {
			continue;
		}
		mail->seen++;
		mail->found = has_word(page, words, mail->size);
	}
}

/* A gate's reply is where it leaves every reply. */
static int jump(struct puppet_mail *mail)
{
	const struct cbx_reply *reply =
		(const struct cbx_reply *)(CBX_CPU_SCRATCH_VA + CBX_PKS_REPLY);
	int trapped = probe_jump(mail->va, mail->call, mail->rcx, mail->flags);

	mail->reply[0] = *reply;
	return trapped;
}

static int run_order(struct puppet_mail *mail)
{
	switch ((enum puppet_op)mail->op) {
	case PUPPET_READ:
		return probe_copy(
			bytes_of(mail), (const void *)mail->va, mail->size);
	case PUPPET_WRITE:
		return probe_copy((void *)mail->va, bytes_of(mail), mail->size);
	case PUPPET_CALL:
		return probe_call(mail->va);
	case PUPPET_JUMP:
		return jump(mail);
	case PUPPET_INT:
		return probe_int(mail->va);
	case PUPPET_BASES:
		return probe_bases(mail->va);
	case PUPPET_DUMP:
		return probe_dump(bytes_of(mail));
	case PUPPET_GATES:
		play(mail);
		return 0;
	case PUPPET_FIND:
		find(mail);
		return 0;
	case PUPPET_NOTHING:
	default:
		return 0;
	}
}

/* The first page of the range of RAM with most pages; two for each CPU. */
static uint64_t find_mail(void)
{
	uint64_t first = 0;
	uint64_t most = 0;

	for (uint64_t i = 0;; i++) {
		const struct cbx_call call = { CBX_PKS_MEMORY, { i }, 0 };
		struct cbx_reply reply = *host_gate(&call);

		if (reply.status != CBX_OK) {
			return first;
		}
		if (reply.ret[2] == CBX_HAL_RAM && reply.ret[1] > most) {
			first = reply.ret[0];
			most = reply.ret[1];
		}
	}
}

_Noreturn void host_main(uint64_t cpu)
{
	uint64_t page = find_mail() + 2 * cpu;
	struct puppet_mail *mail = mail_of(page);
	struct cbx_call call = {
		.id = CBX_PKS_TRAP_ENTRY,
		.arg = { (uint64_t)host_trap,
			(uint64_t)host_trap_stacks[cpu + 1] },
	};

	(void)host_gate(&call);
	*(struct puppet_mail **)(PUPPET_OWN_VA + PUPPET_OWN_MAIL) = mail;
	call = (struct cbx_call){
		.id = PUPPET_REPORT,
		.arg = { page, (uint64_t)host_other },
	};
	for (;;) {
		mail->nmis = own(PUPPET_OWN_NMIS);
		mail->bared = own(PUPPET_OWN_BARED);
		mail->gates = own(PUPPET_OWN_GATES);
		(void)host_gate(&call);
		mail->trapped = (uint64_t)run_order(mail);
	}
}
