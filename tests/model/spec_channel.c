/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a box and its host, or its client, tell each other.
 */
#include <model/judge.h>

#include <string.h>

enum {
	MEASUREMENT,
	INPUT
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static struct spec_space *own_space(const struct spec_run *run)
{
	return space_of(run->box, run->thread->space);
}

/* The thread waits for the host. */
static void ask(struct spec_run *run, enum spec_doing doing, uint64_t buffer,
	uint64_t capacity)
{
	struct spec_thread *thread = run->thread;

	thread->doing = doing;
	thread->buffer = buffer;
	thread->capacity = capacity;
	thread->filled = 0;
	returns(&run->exit, 1, thread->handle);
}

static bool client_is_awaited(const struct spec_box *box)
{
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		if (box->thread[i].handle != 0 &&
			box->thread[i].doing == DOES_CLIENT) {
			return true;
		}
	}
	return false;
}

void spec_read(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	bool client = arg[0] == CBX_PORT_CLIENT;

	refuse_if(answer, arg[0] != CBX_PORT_INPUT && !client, CBX_E_INVALID);
	refuse_if(answer, arg[2] == 0, CBX_E_INVALID);
	refuse_if(answer, client && client_is_awaited(run->box), CBX_E_STATE);
	refuse_if(answer,
		!may_use(own_space(run), arg[1],
			least(arg[2], CBX_IO_BYTES_MAX), CBX_RIGHT_W),
		CBX_E_FAULT);
	if (!allowed(answer)) {
		return;
	}
	spec_exit(run, CBX_EXIT_INPUT);
	returns(&run->exit, 2, arg[0]);
	returns(&run->exit, 3, arg[2]);
	ask(run, client ? DOES_CLIENT : DOES_INPUT, arg[1], arg[2]);
}

/* Copy box memory into the host's buffer. */
static void give_host(
	struct spec_run *run, uint64_t at, uint64_t va, uint64_t bytes)
{
	static uint8_t data[CBX_IO_BYTES_MAX];

	box_load(own_space(run), va, data, bytes);
	for (uint64_t i = 0; i < bytes; i++) {
		uint64_t page = run->io + (at + i) / CBX_PAGE_SIZE;

		spec.bytes[page][(at + i) % CBX_PAGE_SIZE] = data[i];
	}
}

/* Output of a sealed box waits for the next step of its time. */
static void hold(
	struct spec_run *run, uint64_t port, uint64_t va, uint64_t bytes)
{
	struct spec_thread *thread = run->thread;

	thread->port = port;

	thread->doing = DOES_HOLD;
	thread->buffer = va;
	thread->capacity = bytes;
	thread->wake = step_of_frame(run->box);
	run->yields = true;
}

void spec_write(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	bool sealed = run->box->life == LIFE_SEALED;
	uint64_t whole =
		run->box->policy.output_pages * (uint64_t)CBX_PAGE_SIZE;
	uint64_t room =
		sealed ? whole - 32 - 16 : run->io_pages * CBX_PAGE_SIZE;
	uint64_t wanted = least(arg[2], CBX_IO_BYTES_MAX);
	uint64_t bytes = least(wanted, room);

	refuse_if(answer, arg[0] != CBX_PORT_OUTPUT && arg[0] != CBX_PORT_ERROR,
		CBX_E_INVALID);
	refuse_if(answer, !may_use(own_space(run), arg[1], wanted, CBX_RIGHT_R),
		CBX_E_FAULT);
	refuse_if(answer, bytes == 0 && wanted != 0, CBX_E_NOMEM);
	if (!allowed(answer)) {
		return;
	}
	returns(answer, 0, bytes);
	if (sealed) {
		hold(run, arg[0], arg[1], bytes);
	} else if (bytes != 0) {
		give_host(run, 0, arg[1], bytes);
		spec_exit_served(run, run->thread, CBX_EXIT_OUTPUT);
		returns(&run->exit, 1, run->thread->handle);
		returns(&run->exit, 2, arg[0]);
		returns(&run->exit, 3, bytes);
		run->thread->offered = true;
	}
}

/* A name is the path one gets by writing its components out again. */
static bool written_plainly(const char *name, uint64_t bytes)
{
	char copy[CBX_NAME_MAX + 1] = { 0 };
	char again[CBX_NAME_MAX + 2] = { 0 };
	size_t length = 0;
	char *rest = copy;

	if (bytes == 0 || bytes > CBX_NAME_MAX) {
		return false;
	}
	memcpy(copy, name, bytes);
	for (char *part = strtok_r(copy, "/", &rest); part != NULL;
		part = strtok_r(NULL, "/", &rest)) {
		if (strcmp(part, ".") != 0 && strcmp(part, "..") != 0) {
			again[length++] = '/';
			memcpy(again + length, part, strlen(part));
			length += strlen(part);
		}
	}
	return length == bytes && memcmp(again, name, bytes) == 0;
}

static bool rule_allows(const struct cbx_policy *policy,
	const struct cbx_rule *rule, const uint64_t *arg, const char *name,
	uint64_t bytes)
{
	size_t length = rule->text_bytes;

	for (unsigned int i = 0; i < 3; i++) {
		if ((arg[i] & rule->mask[i]) != rule->value[i]) {
			return false;
		}
	}
	if (length == 0) {
		return true;
	}
	return rule->text + length <= sizeof(policy->text) &&
	       written_plainly(name, bytes) && bytes >= length &&
	       memcmp(name, policy->text + rule->text, length) == 0 &&
	       (bytes == length || name[length] == '/');
}

/* What the box forwards, as it is at this moment. */
static bool listed(const struct spec_run *run, const uint64_t *arg)
{
	const struct cbx_policy *policy = &run->box->policy;
	struct {
		uint64_t arg[6];
		char name[CBX_NAME_MAX];
	} told = { 0 };
	bool found = false;

	box_load(own_space(run), arg[1], (uint8_t *)&told,
		least(sizeof(told), sizeof(told.arg) + arg[2]));
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		found = found || (policy->rule[i].call == arg[0] &&
					 rule_allows(policy, &policy->rule[i],
						 told.arg, told.name, arg[2]));
	}
	return found;
}

static void tell(struct spec_run *run, const uint64_t *arg, bool served)
{
	uint64_t bytes = sizeof(struct cbx_forward) + arg[2];

	give_host(run, 0, arg[1], bytes);
	spec_exit(run, served ? CBX_EXIT_FORWARD : CBX_EXIT_REFUSED);
	returns(&run->exit, 1, run->thread->handle);
	returns(&run->exit, 2, arg[0]);
	returns(&run->exit, 3, bytes);
	returns(&run->exit, 4, arg[4]);
}

void spec_forward(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	uint64_t head = sizeof(struct cbx_forward);
	bool named =
		arg[2] <= CBX_IO_BYTES_MAX - head && arg[4] <= CBX_IO_BYTES_MAX;

	refuse_if(answer, !named, CBX_E_INVALID);
	if (named) {
		refuse_if(answer,
			!may_use(own_space(run), arg[1], head + arg[2],
				CBX_RIGHT_R) ||
				!may_use(own_space(run), arg[3], arg[4],
					CBX_RIGHT_W),
			CBX_E_FAULT);
		refuse_if(answer, head + arg[2] > run->io_pages * CBX_PAGE_SIZE,
			CBX_E_NOMEM);
	}
	if (answer->right == 0 && !listed(run, arg)) {
		must_be(answer, CBX_E_DENIED);
		if ((run->box->policy.flags & CBX_POLICY_STRICT) != 0) {
			spec_end(run->box, CBX_END_VIOLATION, arg[0]);
		} else {
			tell(run, arg, false);
		}
		return;
	}
	if (!allowed(answer)) {
		return;
	}
	tell(run, arg, true);
	ask(run, DOES_FORWARD, arg[3], arg[4]);
}

/* ---- answers ---- */

static bool pages_lent(uint64_t source, uint64_t bytes)
{
	return host_lends_range(
		source, (bytes + CBX_PAGE_SIZE - 1) / CBX_PAGE_SIZE);
}

/* Bytes of the host's reach the box, and its log: a page at a time. */
static void feed(struct spec_box *box, struct spec_thread *thread,
	struct spec_entry entry, uint64_t source, uint64_t bytes)
{
	struct spec_space *space = space_of(box, thread->space);
	uint64_t at = thread->buffer + thread->filled;
	uint64_t done = 0;

	do {
		entry.bytes = least(bytes - done, CBX_PAGE_SIZE);
		entry.data =
			entry.bytes == 0
				? NULL
				: spec.bytes[source + done / CBX_PAGE_SIZE];
		digest_extend(box, INPUT, &entry);
		box_store(space, at + done, entry.data, entry.bytes);
		entry.address += CBX_PAGE_SIZE;
		done += entry.bytes;
	} while (done < bytes);
	box->input_bytes += bytes;
}

/* The reply to the thread's call. */
static void resume(struct spec_thread *thread, uint64_t result, uint64_t bytes)
{
	thread->doing = DOES_RUN;
	thread->offered = false;
	thread->answered = true;
	thread->reply = (struct cbx_reply){ .ret = { result, bytes } };
}

void spec_reply(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_thread *thread = thread_of(box, arg[1]);
	uint64_t bytes = arg[4];

	if (thread == NULL) {
		must_be(answer, CBX_E_INVALID);
		return;
	}

	bool asks =
		thread->doing == DOES_INPUT || thread->doing == DOES_FORWARD;
	uint64_t most = asks ? least(thread->capacity, CBX_IO_BYTES_MAX) : 0;

	refuse_if(answer, !asks && !thread->offered, CBX_E_STATE);
	refuse_if(answer, bytes > most, CBX_E_INVALID);
	if (answer->right == 0) {
		refuse_if(answer, !pages_lent(arg[3], bytes), CBX_E_DENIED);
		refuse_if(answer,
			asks && !may_use(space_of(box, thread->space),
					thread->buffer, bytes, CBX_RIGHT_W),
			CBX_E_FAULT);
	}
	if (!allowed(answer)) {
		return;
	}

	const struct spec_entry entry = {
		.kind = "input", .address = box->input_bytes, .info = arg[2]
	};

	thread->filled = 0;
	feed(box, thread, entry, arg[3], bytes);
	resume(thread, arg[2], bytes);
}

/* Nothing a box has may connect it to the host any more. */
static bool has_ties(const struct spec_box *box)
{
	return windows_of(box) != 0 || asking_of(box) != 0;
}

/* The policy wants a box that nobody had a hand in. */
static bool is_spoilt(const struct spec_box *box)
{
	static const uint8_t nothing[CBX_DIGEST_BYTES];

	return (box->policy.flags & CBX_POLICY_CLEAN) != 0 &&
	       box->life == LIFE_READY &&
	       (box->tainted || box->lenders != 0 ||
		       memcmp(box->digest[INPUT], nothing, sizeof(nothing)) !=
			       0);
}

void spec_confine(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_thread *thread = thread_of(box, arg[1]);
	uint64_t bytes = arg[3];

	if (thread == NULL) {
		must_be(answer, CBX_E_INVALID);
		return;
	}

	bool plain = (box->policy.flags & CBX_POLICY_PLAIN) != 0;
	bool asks = thread->doing == DOES_CLIENT;
	uint64_t most = asks ? least(thread->capacity - thread->filled,
				       CBX_IO_BYTES_MAX)
			     : 0;

	refuse_if(answer, !asks || has_ties(box), CBX_E_STATE);
	refuse_if(answer, bytes > (plain ? most : CBX_IO_BYTES_MAX),
		CBX_E_INVALID);
	refuse_if(
		answer, arg[4] > (plain ? CBX_CONFINE_LAST : 0), CBX_E_INVALID);
	refuse_if(answer, !plain || is_spoilt(box), CBX_E_DENIED);
	refuse_if(answer,
		bytes <= CBX_IO_BYTES_MAX && !pages_lent(arg[2], bytes),
		CBX_E_DENIED);
	if (answer->right == 0) {
		refuse_if(answer,
			!may_use(space_of(box, thread->space),
				thread->buffer + thread->filled, bytes,
				CBX_RIGHT_W),
			CBX_E_FAULT);
	}
	if (!allowed(answer)) {
		return;
	}

	const struct spec_entry entry = {
		.kind = "client", .address = thread->filled, .info = arg[4]
	};

	box->life = LIFE_SEALED;
	box->sealed_once = true;
	feed(box, thread, entry, arg[2], bytes);
	thread->filled += bytes;
	if (arg[4] == CBX_CONFINE_LAST) {
		box->client_complete = true;
		resume(thread, thread->filled, 0);
	}
}
