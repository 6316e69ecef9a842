/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the specification share among themselves.
 */
#ifndef CBX_TESTS_MODEL_JUDGE_H
#define CBX_TESTS_MODEL_JUDGE_H

#include <model/spec.h>

/** Stop: the specification itself is wrong. */
#define SPEC_CHECK(condition)                                        \
	do {                                                         \
		if (!(condition)) {                                  \
			spec_broken(#condition, __FILE__, __LINE__); \
		}                                                    \
	} while (0)
_Noreturn void spec_broken(const char *what, const char *file, int line);

/** A reason to refuse: @p status would be right if @p reason holds. */
static inline void refuse_if(
	struct spec_answer *answer, bool reason, enum cbx_status status)
{
	if (reason) {
		answer->right |= 1u << status;
	}
}

/** The only right status. */
static inline void must_be(struct spec_answer *answer, enum cbx_status status)
{
	answer->right = 1u << status;
}

/** Every reason to refuse has been looked for.  @return whether the call
 * succeeded and may have */
static inline bool allowed(struct spec_answer *answer)
{
	if (answer->right == 0) {
		answer->right = 1u << CBX_OK;
	}
	return answer->status == CBX_OK && (answer->right & 1u << CBX_OK) != 0;
}

/** ret[@p n] must be @p value. */
static inline void returns(
	struct spec_answer *answer, unsigned int n, uint64_t value)
{
	answer->known |= 1u << n;
	answer->ret[n] = value;
}

/** @p count pages from @p first on are a range a call may name. */
bool range_named(uint64_t first, uint64_t count);

/** The same for box addresses. */
bool span_named(uint64_t va, uint64_t count);

/** The box, space, thread of that handle; NULL when there is none. */
struct spec_box *box_of(uint64_t handle);
struct spec_space *space_of(struct spec_box *box, uint64_t handle);
struct spec_thread *thread_of(struct spec_box *box, uint64_t handle);
uint32_t spaces_of(const struct spec_box *box);
uint32_t threads_of(const struct spec_box *box);
uint32_t threads_in(const struct spec_box *box, uint32_t space);

/** A free place for a new one; the specification breaks when there is none. */
struct spec_box *box_new(uint32_t root);
struct spec_space *space_new(struct spec_box *box, uint32_t handle);
struct spec_thread *thread_new(struct spec_box *box, uint32_t handle);

/** Pages that are the box's, its bookkeeping included. */
uint64_t pages_of(const struct spec_box *box);

/** Pages of the reserve that are not spoken for; pages that may return to it
 * by now; pages that may not yet. */
uint64_t reserve_of(const struct spec_box *box);
uint64_t ripe_of(const struct spec_box *box);
uint64_t unripe_of(const struct spec_box *box);

/** Windows, also those on their way back; boxes that borrow of it. */
uint32_t windows_of(const struct spec_box *box);
uint32_t borrowers_of(const struct spec_box *box);

/** Threads that wait for the host. */
uint32_t asking_of(const struct spec_box *box);

/** CPUs that will remember what the calling CPU takes away now. */
uint8_t rememberers(void);

/** The calling CPU, and whoever does not hold, forgets. */
void flush_host(void);
void flush_space(struct spec_box *box, const struct spec_space *space);

/** Nobody remembers the page. */
bool forgotten(uint32_t page);

/** A page becomes something else; nothing of what it was stays. */
void become(uint32_t page, enum spec_is is, uint32_t box);

/** A page of the reserve, named by the machine, becomes bookkeeping.
 * @return false when it was none */
bool take_table(const struct spec_box *box, uint64_t page);

/** Its bytes are zero from now on. */
void wipe(uint32_t page);

/** The host lends a page to a gate. */
bool host_lends(uint64_t page);
bool host_lends_range(uint64_t first, uint64_t count);

/** Extend one of a box's two digests by a log entry. */
struct spec_entry {
	const char *kind;
	uint64_t address, info, info2;
	const uint8_t *data;
	uint64_t bytes;
};
void digest_extend(
	struct spec_box *box, unsigned int which, const struct spec_entry *e);

/** ---- spaces ---- */

/** A range of box addresses, and rights. */
struct spec_span {
	uint64_t va, count, rights;
};

/** Text that could be read, of a box whose policy forbids that. */
bool hides_text(const struct spec_box *box, uint64_t rights);

/** Where a box address leads. @return NULL: nowhere */
struct spec_slot *slot_at(struct spec_space *space, uint64_t va);

/** Tables it takes to map the range, beyond those there are. */
uint32_t trees_more(
	const struct spec_space *space, uint64_t va, uint64_t count);
void trees_take(struct spec_box *box, struct spec_space *space, uint64_t va,
	uint64_t count);

/** Page tables that what the space maps is in, the root included. */
uint32_t trees_used(const struct spec_space *space);

/** Reasons why @p pages reserve pages cannot be mapped there. */
void room_for(struct spec_box *box, struct spec_space *space,
	const struct spec_span *span, uint64_t pages,
	struct spec_answer *answer);

/** A mapping begins. */
void slot_put(
	struct spec_space *space, uint64_t va, uint32_t page, uint64_t rights);

/** Whether the space lets a box use these bytes so. */
bool may_use(
	struct spec_space *space, uint64_t va, uint64_t bytes, uint8_t rights);
void box_load(
	struct spec_space *space, uint64_t va, uint8_t *to, uint64_t bytes);
void box_store(struct spec_space *space, uint64_t va, const uint8_t *from,
	uint64_t bytes);

/** One mapping of a page is gone for every CPU: if it was the last, the page is
 * reserve, or going while another space remembers it. */
void unuse(uint32_t page);

/** A space that is gone, or its box is: pages, tables and all. */
void space_drop(struct spec_box *box, struct spec_space *space);
void thread_drop(struct spec_box *box, struct spec_thread *thread);

/** ---- the parts ---- */

typedef void spec_host_fn(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer);
spec_host_fn spec_version, spec_caps, spec_boot, spec_donate, spec_return,
	spec_query;
spec_host_fn spec_create, spec_grant, spec_add, spec_thread_add;
spec_host_fn spec_template, spec_borrow;
spec_host_fn spec_finalize, spec_reply, spec_confine, spec_kick, spec_kill;
spec_host_fn spec_monitor_evidence, spec_box_evidence, spec_sign, spec_root;
spec_host_fn spec_reclaim, spec_destroy, spec_box_query, spec_digest, spec_peek;

typedef void spec_box_fn(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer);
spec_box_fn spec_do_end, spec_map, spec_alias, spec_unmap, spec_protect;
spec_box_fn spec_space_create, spec_space_destroy, spec_space_switch;
spec_box_fn spec_thread_create, spec_thread_exit, spec_park, spec_unpark;
spec_box_fn spec_upcall_entry, spec_upcall_resume, spec_upcall_deadline;
spec_box_fn spec_share, spec_unshare, spec_forward, spec_read, spec_write;
spec_box_fn spec_random, spec_time;
spec_box_fn spec_report, spec_report_check, spec_seal_key;

/** The next multiple of the box's time step at or after @p ticks that lies
 * after now. */
uint64_t step_after(const struct spec_box *box, uint64_t ticks);

/** The step at which the box's next output may go. */
uint64_t step_of_frame(struct spec_box *box);

#endif
