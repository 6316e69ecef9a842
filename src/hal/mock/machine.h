/* SPDX-License-Identifier: Apache-2.0 */
/* The mock machine's state; for the files of this folder only. */
#ifndef CBX_HAL_MOCK_MACHINE_H
#define CBX_HAL_MOCK_MACHINE_H

#include <pthread.h>
#include <stdatomic.h>

#include <arch/soft/table.h>
#include <hal/mock/mock.h>

#define MOCK_VIEW_BITS	  4u
#define MOCK_LOG_BYTES	  4096u
#define MOCK_PROGRAMS_MAX 64u
#define MOCK_WATCHES_MAX  8u

/** Stop the machine unless @p condition holds. */
#define MOCK_ASSERT(condition)                                         \
	do {                                                           \
		if (!(condition)) {                                    \
			cbx_hal_panic(#condition, __FILE__, __LINE__); \
		}                                                      \
	} while (0)

/** Whose a page is, of the confidential VM and its hypervisor. */
enum mock_share {
	MOCK_PRIVATE,
	MOCK_HALF, /* between the two: the worse of both */
	MOCK_SHARED,
};

/** A page. */
struct mock_page {
	uint32_t stale[MOCK_VIEW_BITS]; /* view bit i may be used by a CPU
					 * that has not acknowledged this */
	uint32_t boxes; /* translations to it, stale ones included */
	uint8_t view;	/* CBX_VIEW_* */
	uint8_t kind;	/* enum cbx_hal_kind */
	uint8_t share;	/* enum mock_share */
	uint8_t used;	/* tables, spaces and contexts that live in it */
};

/** Flushes of one kind: the host's, or one space's. */
struct mock_flush {
	uint64_t started;
	uint64_t acked[MOCK_CPUS_MAX];
};

/** A space, in its struct cbx_arch_space. */
struct mock_space {
	struct cbx_soft_table table;
	struct mock_space_side *side;
	uint32_t flags;
	bool dead;
};

/** What about a space is not part of a snapshot. */
struct mock_space_side {
	struct mock_space *space;
	struct mock_flush flush;
	uint64_t dead_token; /* dead once every CPU has acknowledged it */
	uint32_t running;    /* contexts on a CPU */
	size_t index;	     /* in mock.spaces */
};

/** A translation a CPU may still use. */
struct mock_stale {
	struct mock_space_side *side;
	uint64_t va;
	uint64_t pfn;
	uint64_t token;
	uint8_t rights; /* those that were taken away */
};

/** What a program decided. */
enum mock_decision {
	MOCK_NOTHING,
	MOCK_GATE,
	MOCK_SYSCALL,
	MOCK_TRAP,
	MOCK_INTERRUPTED,
	MOCK_LOST,
};

/** A context, in its struct cbx_arch_vcpu. */
struct mock_vcpu {
	struct mock_space *space;
	struct cbx_vcpu_start start;
	uint64_t upcall_entry;
	uint64_t upcall_stack;
	uint64_t step;
	uint64_t reg[8];
	uint32_t level; /* 0 the program runs, 1 an up-call */
	bool running;
	bool pending; /* an up-call is to be delivered */
	bool owed;    /* the system call of the last TRACE stop is */
	bool replied[2];
	struct cbx_reply reply[2]; /* to the last gate of each level */
	struct cbx_upcall upcall;
	struct cbx_call call; /* of the SYSCALL up-call */
	/* the current run's */
	enum mock_decision decision;
	enum cbx_fault fault;
	uint64_t address;
	bool refused; /* an access was: fault, address */
};

_Static_assert(sizeof(struct mock_space) <= sizeof(struct cbx_arch_space),
	"a space fits");
_Static_assert(sizeof(struct mock_vcpu) <= sizeof(struct cbx_arch_vcpu),
	"a vcpu fits");

/** A CPU.  Its own thread's, except what is atomic. */
struct mock_cpu {
	uint32_t rank;
	const void *map[CBX_HAL_MAPS];
	uint32_t maps;
	atomic_bool kicked;
	atomic_uint_fast64_t kicks;
	uint64_t faults;
	bool hold;
	mock_host_fn *host;
	void *host_arg;
};

struct mock_program_row {
	uint64_t entry;
	mock_program_fn *program;
	void *arg;
};

struct mock_watch {
	const void *bytes;
	size_t size;
};

/** The machine.  Guarded by its lock where nothing else is said. */
struct mock_machine {
	bool up;
	struct mock_options options; /* fixed after boot */
	uint8_t *ram;		     /* options.pages pages */
	struct mock_page *pages;
	struct mock_cpu cpu[MOCK_CPUS_MAX];
	struct mock_flush view_flush;
	uint64_t flushes;
	uint64_t steps;
	uint64_t refuse_at; /* the step to refuse; 0 none */
	bool refuse_half;
	bool refused;
	bool random_fail;
	uint8_t report[CBX_HAL_REPORT_DATA]; /* what one is about */
	uint32_t report_wait;		     /* calls until it is made */
	bool report_begun;
	uint64_t random;
	atomic_uint_fast64_t ticks;
	struct mock_space_side **spaces;
	size_t space_count;
	size_t space_room;
	struct mock_stale *stale;
	size_t stale_count;
	size_t stale_room;
	uint64_t vcpu_count;
	struct mock_program_row programs[MOCK_PROGRAMS_MAX];
	size_t program_count;
	struct mock_watch watches[MOCK_WATCHES_MAX];
	size_t watch_count;
	char log[MOCK_LOG_BYTES];
	size_t log_bytes;
};
extern struct mock_machine mock;

/** Take, and drop, the machine's lock; a panic drops it. */
void mock_lock(void);
void mock_unlock(void);

/** One fallible step. @return CBX_OK to take it, CBX_E_HARDWARE to refuse it,
 * CBX_E_BUSY (only where @p half) to leave it half done */
enum cbx_status mock_step(bool half);

/** A flush that every CPU acknowledges which does not hold. */
uint64_t mock_flush_start(struct mock_flush *flush);

/** The last flush every CPU has acknowledged. */
uint64_t mock_flush_done(const struct mock_flush *flush);

/** What the host on @p cpu may do now; MOCK_ALL_CPUS: on any. */
uint8_t mock_host_bits(uint64_t pfn, uint32_t cpu);

/** The number of the page that holds @p pointer. */
uint64_t mock_pfn_of(const void *pointer);

/** CPUs may go on using what @p lost says of a translation, until a flush of
 * the space started later. */
void mock_remember(
	struct mock_space *space, uint64_t va, uint64_t pfn, uint8_t lost);

/** Forget stale translations every CPU has dropped. */
void mock_stale_purge(void);

/** Whether any CPU remembers anything of a space. */
bool mock_stale_any(const struct mock_space_side *side);

/** The program registered for the code at @p entry. */
struct mock_program_row mock_find_program(uint64_t entry);

/** The page thread on @p cpu (or any) gets for an access of @p right.
 * @return false when it gets a fault */
bool mock_translate(const struct mock_space *space, uint32_t cpu, uint64_t va,
	unsigned int right, uint64_t *pfn);

/** Whether the space no longer translates, for any CPU. */
bool mock_space_gone(const struct mock_space *space);

/** Grow an array of @p *room elements so that @p count fit. */
void *mock_grow(void *array, size_t count, size_t *room, size_t size);

/** memcpy between the machine's memory and a program: races are the
 * program's, as on hardware, and not reported. */
void mock_copy(void *to, const void *from, size_t bytes);

#endif
