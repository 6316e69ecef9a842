/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libconfbox: run a program with a client's data in a sealed box.
 *
 * The life of a box is five calls:
 *
 *   cbx_context_open   start (or reach) the monitor
 *   cbx_image_build    a program, its arguments and files become an image
 *   cbx_box_load       the monitor measures the image into a box
 *   cbx_box_run        the box runs until it ends
 *   cbx_box_destroy    everything it had is scrubbed and given back
 *
 * A function that returns enum cbx_status either succeeds or changed nothing,
 * unless its text says otherwise; on failure cbx_error_last() tells the
 * calling thread more.  Structs that may grow begin with their size: set it to
 * sizeof of what you compiled against and zero the rest; a longer struct than
 * the library knows is accepted if its unknown tail is zero.
 *
 * Threads: functions on different objects may run at the same time.  A context
 * may be used by many threads at once.  An image is constant once it is built.
 * A box belongs to one thread at a time, except that cbx_box_kill,
 * cbx_box_wait, cbx_box_query and cbx_box_digest may be called by any thread
 * while another one is in cbx_box_run.  Nothing may be in use while it is
 * closed or destroyed.
 */
#ifndef CONFBOX_CONFBOX_H
#define CONFBOX_CONFBOX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#ifndef _Static_assert
#define _Static_assert static_assert
#endif
extern "C" {
#endif

#include <confbox/counter.h>
#include <confbox/forward.h>

#if defined(__GNUC__)
#define CBX_API	    __attribute__((visibility("default")))
#define CBX_CHECKED __attribute__((warn_unused_result))
#else
#define CBX_API
#define CBX_CHECKED
#endif

/* ------------------------------------------------------------- errors -- */

/** Who refused. */
enum cbx_origin {
	CBX_ORIGIN_NONE = 0,
	CBX_ORIGIN_API = 1,	  /* this library: an argument, a file */
	CBX_ORIGIN_TRANSPORT = 2, /* the way to the monitor, or its end */
	CBX_ORIGIN_MONITOR = 3,	  /* the monitor, through a gate */
};

#define CBX_ERROR_TEXT 256u

/** What went wrong: one line, "what: cause". */
struct cbx_error {
	enum cbx_status status;
	enum cbx_origin origin;
	int os_error; /* errno of the call that failed, or 0 */
	char text[CBX_ERROR_TEXT];
};

/**
 * The calling thread's last error.
 *
 * @return never NULL; valid until this thread's next call into the library.
 *         Its status is CBX_OK when nothing failed yet; a success does not
 *         clear it.
 */
CBX_API const struct cbx_error *cbx_error_last(void);

/** The status's meaning in a few words; never NULL. */
CBX_API const char *cbx_status_text(enum cbx_status status);

/* ------------------------------------------------------------ context -- */

/** A connection to one monitor. */
struct cbx_context;

/** The monitor writes its log to this process's standard error. */
#define CBX_OPEN_LOG 1u

/** How to open a context. */
struct cbx_options {
	size_t size;	       /* sizeof(struct cbx_options) */
	uint64_t memory_bytes; /* what all boxes together may use, tables
				* included; 0 is 4 GiB, or what there is.  Memory is taken from
				* the system only when it is written to. */
	uint32_t cpu_count;    /* boxes that may run at once, plus 1; at
				* least 2; 0 is 64 */
	uint32_t flags;	       /* CBX_OPEN_* */
};

/**
 * Start a monitor and connect to it.
 *
 * On the linux backend the monitor is a child process of its own, which gets a
 * socket and no other descriptor (with CBX_OPEN_LOG standard error, too); it
 * ends, and every box with it, when the context is closed or this process
 * dies.  It is not reaped by wait(): it sends no SIGCHLD.
 *
 * @param      options  NULL for defaults
 * @param[out] context  the caller closes it; untouched on failure
 *
 * @retval CBX_OK             boxes can be created
 * @retval CBX_E_INVALID      an option is out of range, or the unknown tail
 *                            of @p options is not zero
 * @retval CBX_E_NOMEM        no memory, process or descriptor to be had, or
 *                            memory_bytes is more than this machine has
 * @retval CBX_E_UNSUPPORTED  the monitor speaks another version
 * @retval CBX_E_HARDWARE     the monitor could not be started, or ended
 */
CBX_API CBX_CHECKED enum cbx_status cbx_context_open(
	const struct cbx_options *options, struct cbx_context **context);

/**
 * End the monitor, and every box that is left.
 *
 * A box that was not destroyed yet can only be destroyed.
 *
 * @param context  NULL does nothing
 */
CBX_API void cbx_context_close(struct cbx_context *context);

/** What a monitor can do. */
struct cbx_capabilities {
	size_t size;		  /* sizeof(struct cbx_capabilities) */
	uint64_t caps;		  /* CBX_CAP_* */
	enum cbx_backend backend; /* what keeps the host out */
	uint32_t cpu_count;
	uint64_t page_count; /* pages of CBX_PAGE_SIZE bytes */
	uint64_t free_pages; /* not in use by a box now */
	uint32_t abi_major;  /* the monitor's */
	uint32_t abi_minor;
	uint32_t boot_measured;		       /* 1: boot_digest holds */
	uint32_t reserved;		       /* zero */
	uint8_t boot_digest[CBX_DIGEST_BYTES]; /* of the log that was handed
						* over at the machine's start */
};

/**
 * Ask the monitor what it is.
 *
 * @param[in,out] capabilities  size is set by the caller, the rest is filled
 *                              on success
 *
 * @retval CBX_OK          filled
 * @retval CBX_E_INVALID   size is not one this library knows
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_API CBX_CHECKED enum cbx_status cbx_context_query(
	struct cbx_context *context, struct cbx_capabilities *capabilities);

/** The backend's name, as in "linux"; never NULL. */
CBX_API const char *cbx_backend_name(enum cbx_backend backend);

/** What the capabilities mean for whoever trusts a box: a sentence that says
 * who is kept out and who is not; never NULL, constant. */
CBX_API const char *cbx_capabilities_text(uint64_t caps);

/** The library's version, as in "0.1.0". */
CBX_API const char *cbx_version(void);

/* -------------------------------------------------------------- image -- */

/** Everything that defines a box: policy, pages, first thread.  Constant. */
struct cbx_image;

/** A file or a directory, and where the box sees it. */
struct cbx_path {
	const char *host; /* on this machine */
	const char *box;  /* absolute; NULL: the absolute form of host */
};

/** The client's data arrives on standard input: reading it confines the box,
 * and its output leaves in buckets of policy size. */
#define CBX_PROGRAM_CONFINE 1u
/** Every system call exits to the trace callback; implies DEBUG. */
#define CBX_PROGRAM_TRACE 2u
/** The host may look at the box's memory while it is not confined. */
#define CBX_PROGRAM_DEBUG 4u
/** The program's text can be executed and not read; it must lie in pages of
 * its own (cc -Wl,-z,separate-code, the default). */
#define CBX_PROGRAM_EXECUTE_ONLY 8u
/** Nothing goes into the box that is not named: no interpreter, no library. */
#define CBX_PROGRAM_ALONE 16u
/** Every system call traps; without it, those made often become jumps. */
#define CBX_PROGRAM_NO_REWRITE 0x100u
/** A system call becomes a jump at its first trap. */
#define CBX_PROGRAM_REWRITE_FIRST 0x200u
/** The clocks stand still but for the program's own sleeping. */
#define CBX_PROGRAM_CLOCK_FIXED 0x400u
/** When the program opens /dev/template the box becomes a template: its state
 * then is any box's of this machine to read (cbx_template_create).  cbx_box_run
 * of such a box ends there, with CBX_E_STATE. */
#define CBX_PROGRAM_TEMPLATE 0x800u
/** All files are memory that boxes of one context have once, measured once. */
#define CBX_PROGRAM_SHARE_FILES 0x1000u
/** A debugger stops and changes the program until the box is confined: struct
 * cbx_run's debug_fd.  Measured, as a rule, too; implies DEBUG, NO_REWRITE. */
#define CBX_PROGRAM_GDB 0x2000u
/** The box is confined only if it is pristine: no clone, never tainted, told
 * nothing by its host after it was measured. */
#define CBX_PROGRAM_CLEAN 0x4000u

#define CBX_PROGRAM_MEMORY_DEFAULT (256ull << 20)
#define CBX_PROGRAM_MEMORY_MIN	   (4ull << 20)

/** CLOCK_REALTIME at the monitor's start, as boxes see it, unless said
 * otherwise: 2025-01-01T00:00:00Z, so that equal inputs measure equal. */
#define CBX_PROGRAM_EPOCH_DEFAULT 1735689600000000000ull

/** A Linux program and what it needs.  All pointers are the caller's and are
 * only used during cbx_image_build.
 *
 * A program, and every program and library among its files, brings its
 * interpreter and libraries, found by the rules of ld.so(8); a script brings
 * the interpreter in its first line, python3 and perl their own libraries.
 * What a program opens by itself, such as plug-ins, is to be named. */
struct cbx_program {
	size_t size;		 /* sizeof(struct cbx_program) */
	const char *path;	 /* the program: an ELF file or a script */
	const void *bytes;	 /* or its bytes, path then being its name */
	size_t byte_count;	 /* bytes at bytes */
	const char *box_path;	 /* where the box sees it; NULL: the absolute
				   * form of path */
	const char *const *argv; /* NULL-terminated; NULL: just the path */
	const char *const *envp; /* NULL-terminated; NULL: none */
	const struct cbx_path *files;
	size_t file_count;
	const struct cbx_path *directories; /* with all they hold */
	size_t directory_count;
	const char *cwd;       /* working directory; NULL: "/" */
	uint64_t memory_bytes; /* what the program may use; 0: the default */
	uint64_t epoch_ns;     /* CLOCK_REALTIME at the monitor's start; 0: the
				* default */
	uint64_t wake_step_ns; /* 0: 1 ms */
	uint32_t output_pages; /* of a confined output; 0: 16 */
	uint32_t threads_max;  /* 0: 1024 */
	uint32_t flags;	       /* CBX_PROGRAM_* */
	uint32_t cpuid;	       /* level of x86-64 that CPUID tells, 1 to 4;
				* 0: the machine's words */
	uint64_t features;     /* CBX_FEATURE_* it may use; 0: all */
	const char *const *with; /* more, where they are here, links kept */
	size_t with_count;
	const struct cbx_policy *rules; /* its rules, text, CBX_POLICY_STRICT;
	                                 * NULL: nothing is forwarded */
	const char *root; /* a system that brings everything, its programs too:
			   * a directory, a tar archive or an OCI image of
			   * this machine; NULL: this machine's files */
	const struct cbx_path *shares; /* regular files whose memory boxes of
					* a context have once; at most 8 */
	size_t share_count;
	uint64_t template_after_ns; /* its point by time; 0: /dev/template's */
};

/**
 * Whether a file is a program a box can run: a complete x86-64 ELF, or a
 * script.
 *
 * @retval CBX_OK         it is
 * @retval CBX_E_INVALID  it cannot be read, is neither, is for another machine,
 *                        or is truncated
 */
CBX_API CBX_CHECKED enum cbx_status cbx_program_check(const char *path);

/**
 * Make the image of a Linux program.
 *
 * The policy denies everything but standard input, output and error, and what
 * the program's rules allow until the box is confined.  The same
 * program, files and options give the same image, byte for byte: names are
 * sorted, times are 1980, owners zero.  Files that change while they are read
 * are an error.
 *
 * @param[out] image  the caller destroys it; untouched on failure
 *
 * @retval CBX_OK             built
 * @retval CBX_E_INVALID      an argument is out of range, a file cannot be
 *                            read, two files have one name in the box, a name
 *                            is too long (255 bytes, about 100 in the last
 *                        part), the program is malformed, or something it
 *                        needs is missing; the error's text names it
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_API CBX_CHECKED enum cbx_status cbx_image_build(
	const struct cbx_program *program, struct cbx_image **image);

/**
 * Make an image of the bytes of an image file.
 *
 * @param      bytes  bytes[size], from anywhere; copied
 * @param[out] image  the caller destroys it; untouched on failure
 *
 * @retval CBX_OK             a well-formed image
 * @retval CBX_E_INVALID      not one; the error's text says why
 * @retval CBX_E_UNSUPPORTED  of a later version
 * @retval CBX_E_NOMEM        out of memory
 */
CBX_API CBX_CHECKED enum cbx_status cbx_image_parse(
	const void *bytes, size_t size, struct cbx_image **image);

/** Make an image of an image file; as cbx_image_parse, and CBX_E_INVALID when
 * @p path cannot be read. */
CBX_API CBX_CHECKED enum cbx_status cbx_image_load(
	const char *path, struct cbx_image **image);

/**
 * Write an image to a file, atomically: @p path holds what it held before, or
 * all of the image.
 *
 * @retval CBX_OK         written and on disk
 * @retval CBX_E_INVALID  @p path cannot be written; os_error says why
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_API CBX_CHECKED enum cbx_status cbx_image_save(
	const struct cbx_image *image, const char *path);

/**
 * The measurement the monitor will give a box of this image.
 *
 * @param[out] digest  SHA-384; untouched on failure
 *
 * @retval CBX_OK          computed
 * @retval CBX_E_HARDWARE  the cryptographic library failed
 */
CBX_API CBX_CHECKED enum cbx_status cbx_image_measure(
	const struct cbx_image *image, uint8_t digest[CBX_DIGEST_BYTES]);

/**
 * The measurement of clones of a template of this image that was told nothing
 * before its point (its input digest is zero).
 *
 * @retval ...             as cbx_image_measure
 * @retval CBX_E_NOMEM     out of memory
 */
CBX_API CBX_CHECKED enum cbx_status cbx_image_measure_clone(
	const struct cbx_image *image, uint8_t digest[CBX_DIGEST_BYTES]);

/** The measurement of an image's runtime alone, the same for every program: what
 * evidence calls box.runtime.  @retval ...  as cbx_image_measure */
CBX_API CBX_CHECKED enum cbx_status cbx_image_measure_runtime(
	const struct cbx_image *image, uint8_t digest[CBX_DIGEST_BYTES]);

/** What the linux backend's monitor, in this library, says of itself in evidence:
 * monitor.image.
 * @retval ...                as cbx_image_measure
 * @retval CBX_E_UNSUPPORTED  it has none: it is for a machine's monitor */
CBX_API CBX_CHECKED enum cbx_status cbx_monitor_measure(
	uint8_t digest[CBX_DIGEST_BYTES]);

/** Facts about an image. */
struct cbx_image_info {
	size_t size;		  /* sizeof(struct cbx_image_info) */
	uint64_t page_count;	  /* pages it begins with */
	uint64_t reserve_pages;	  /* pages it may use later, tables included */
	uint64_t memory_bytes;	  /* what a context needs for one such box */
	struct cbx_policy policy; /* what it may do */
};

/**
 * Look at an image.
 *
 * @param[in,out] info  size is set by the caller, the rest is filled
 *
 * @retval CBX_OK         filled
 * @retval CBX_E_INVALID  size is not one this library knows
 */
CBX_API CBX_CHECKED enum cbx_status cbx_image_query(
	const struct cbx_image *image, struct cbx_image_info *info);

/** Free an image; boxes made of it stay.  @param image NULL does nothing */
CBX_API void cbx_image_destroy(struct cbx_image *image);

/* ---------------------------------------------------------------- box -- */

/** A box, its pages and its host buffers. */
struct cbx_box;

/**
 * Make a box of an image, measured and ready to run.
 *
 * @param[out] box  the caller destroys it; untouched on failure
 *
 * @retval CBX_OK          READY
 * @retval CBX_E_NOMEM     the context has not enough free pages
 * @retval CBX_E_HARDWARE  the monitor ended, or could not make it
 * @retval CBX_E_INVALID   the monitor refused the image's policy or layout
 * @retval CBX_E_UNSUPPORTED  the policy asks what this machine has not
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_load(struct cbx_context *context,
	const struct cbx_image *image, struct cbx_box **box);

/**
 * Make an empty box, to be filled by cbx_box_add and cbx_box_thread.
 *
 * @param      policy         copied
 * @param      reserve_pages  pages for its tables, threads and later use; at
 *                            least 8
 * @param[out] box            the caller destroys it; untouched on failure
 *
 * @retval CBX_OK          BUILDING
 * @retval CBX_E_INVALID   policy or reserve out of range
 * @retval CBX_E_NOMEM     the context has not enough free pages
 * @retval CBX_E_HARDWARE  the monitor ended, or could not make it
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_create(struct cbx_context *context,
	const struct cbx_policy *policy, uint64_t reserve_pages,
	struct cbx_box **box);

/** Consecutive pages of a box. */
struct cbx_pages {
	uint64_t va;	   /* where; a multiple of CBX_PAGE_SIZE */
	uint64_t count;	   /* how many pages; at least 1 */
	const void *bytes; /* what they begin with; NULL if byte_count is 0 */
	size_t byte_count; /* at most count pages; zeros follow */
	uint32_t rights;   /* CBX_RIGHT_* */
	uint32_t reserved; /* zero */
};

/**
 * Give a BUILDING box pages; they are measured in the order of the calls.
 *
 * A failure leaves the box fit for cbx_box_destroy only.
 *
 * @retval CBX_OK          mapped and measured
 * @retval CBX_E_INVALID   not box addresses, not a set of rights, or already
 *                         in use
 * @retval CBX_E_NOMEM     no free pages, or the reserve holds no more tables
 * @retval CBX_E_STATE     the box is not BUILDING
 * @retval CBX_E_HARDWARE  the monitor ended, or was refused
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_add(
	struct cbx_box *box, const struct cbx_pages *pages);

/**
 * Give a BUILDING box a thread.
 *
 * @param entry  first instruction
 * @param stack  stack pointer
 * @param arg    first argument register
 *
 * @retval CBX_OK          it will run
 * @retval CBX_E_INVALID   not box addresses
 * @retval CBX_E_NOMEM     the reserve is empty, or threads_max is reached
 * @retval CBX_E_STATE     the box is not BUILDING
 * @retval CBX_E_HARDWARE  the monitor ended, or was refused
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_thread(
	struct cbx_box *box, uint64_t entry, uint64_t stack, uint64_t arg);

/**
 * Fix a BUILDING box's measurement: it is READY.
 *
 * @retval CBX_OK          READY
 * @retval CBX_E_STATE     not BUILDING
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_finalize(struct cbx_box *box);

/** What a traced box did. */
struct cbx_trace {
	uint32_t is_result; /* 0: a call begins; 1: it returned */
	uint32_t number;    /* of the system call */
	uint64_t arg[6];    /* of the call; zero for a result */
	int64_t result;	    /* zero for a call */
	uint64_t thread;    /* the monitor's handle */
	uint64_t says;	    /* of a result, what the box says of itself: its
	                     * process in bits 0 to 23, its task in 24 to 47,
	                     * gates the call took in 48 to 63 */
};

/** A forwarded call. */
struct cbx_forward_call {
	uint32_t number;	 /* as the policy lists it */
	uint32_t reserved;	 /* zero */
	size_t max;		 /* most bytes of the answer */
	struct cbx_forward args; /* copied */
};

/**
 * Where a box's input comes from and its output goes.
 *
 * A callback that is NULL is replaced by its descriptor; the descriptor is
 * used blocking or not, and stays open.  Callbacks run on the thread that is
 * in cbx_box_run; they may call cbx_box_kill, cbx_box_peek, cbx_box_query and
 * cbx_box_digest on the box, and nothing else.
 */
struct cbx_run {
	size_t size;	     /* sizeof(struct cbx_run) */
	int input_fd;	     /* standard input; -1: empty */
	int output_fd;	     /* standard output; -1: writing fails, EBADF */
	int error_fd;	     /* standard error; -1: writing fails, EBADF */
	uint32_t flags;	     /* CBX_RUN_* */
	uint64_t timeout_ns; /* kill the box after that; 0: never */
	void *arg;	     /* handed to every callback */

	/** Fill buf with at most size bytes of standard input or, for a
	 * confined run, of the client's data.  @return how many, 0 at the
	 * end, or a negative errno */
	int64_t (*input)(void *arg, void *buf, size_t size);

	/** Take size bytes the box wrote to @p port (CBX_PORT_OUTPUT or
	 * CBX_PORT_ERROR, always CBX_PORT_OUTPUT of a confined box).
	 * @return how many were taken, or a negative errno */
	int64_t (*output)(
		void *arg, enum cbx_port port, const void *buf, size_t size);

	/** See a system call of a traced box. */
	void (*trace)(
		void *arg, struct cbx_box *box, const struct cbx_trace *event);

	/** Serve a call the policy lists.  @param data  holds bytes of
	 * payload; the answer, at most max bytes, goes there, too
	 * @param[in,out] bytes  of payload; of the answer
	 * @return the call's result or a negative errno */
	int64_t (*forward)(void *arg, const struct cbx_forward_call *call,
		void *data, size_t *bytes);

	/** See a call that no rule of the policy allows: the box has its
	 * error.  @param data  the payload, bytes of it; not yet checked by
	 * anybody */
	void (*refused)(void *arg, const struct cbx_forward_call *call,
		const void *data, size_t bytes);

	/** CPUs the box may have at once, as far as the context has them and
	 * the box has threads for them; 0 is 1.  A confined box has 1.  With
	 * several threads in the box callbacks may come from threads of this
	 * library: input's one at a time, all others one at a time. */
	uint32_t cpus;

	/** The connected socket of gdb, for an image made with
	 * CBX_PROGRAM_GDB; 0: none, and it runs as any other. */
	int32_t debug_fd;

	/** See an exit after it was served, which took @p ns.
	 * @param thread  whose call it was, or 0 */
	void (*exit)(void *arg, uint64_t thread, enum cbx_exit_reason reason,
		uint64_t ns);

	/** Asked about counters (counter.h); NULL: forward is. */
	const struct cbx_counter_service *counter;
};

/** Serve calls of enum cbx_forward_id with this process's rights; without it,
 * and without a callback, they fail with ENOSYS. */
#define CBX_RUN_SERVE 1u
/** The client is elsewhere: input is its message, as doc/channel.md says, and
 * output, with CBX_PORT_CLIENT, the frames of the box, each whole.  Without it
 * this process is the client of a box that is confined: it seals the input to
 * the box of its own monitor and opens the frames. */
#define CBX_RUN_SEALED 2u

/** How a box ended. */
struct cbx_result {
	size_t size;		    /* sizeof(struct cbx_result) */
	enum cbx_end_reason reason; /* why; EXIT if it is not known */
	uint32_t confined;    /* 1: the box was confined; reason and status
				     * are its client's to know: they hold if
				     * told is 1 */
	uint32_t exit_status; /* EXIT: the program's status, 0 to 255;
				     * undefined if signal is not 0 */
	uint32_t signal;      /* EXIT: the signal that ended it, or 0 */
	uint32_t timed_out;   /* 1: killed because of timeout_ns */
	int32_t input_error;  /* errno of the last failed input, or 0 */
	int32_t output_error; /* errno of the last failed output, or 0 */
	int32_t error_error;  /* errno of the last failed write to
				     * standard error, or 0 */
	uint32_t told;	      /* 1: this process was the client of a
				     * confined box, and was told its end */
	uint32_t reserved;    /* zero */
};

/**
 * Run a READY box until it ends.
 *
 * @param         run     constant during the call
 * @param[in,out] result  size is set by the caller, the rest is filled on
 *                        success
 *
 * @retval CBX_OK          it ended, see @p result
 * @retval CBX_E_INVALID   a struct has an unknown size, or the client's data
 *                         is larger than the box can take (the box is ended)
 * @retval CBX_E_STATE     not READY, or it ran before
 * @retval CBX_E_BUSY      another thread runs it
 * @retval CBX_E_NOMEM     every CPU of the context is gone
 * @retval CBX_E_HARDWARE  the monitor ended; the text says how
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_run(struct cbx_box *box,
	const struct cbx_run *run, struct cbx_result *result);

/**
 * End a box, running or not, from any thread or callback.
 *
 * A cbx_box_run in another thread returns, its result's reason KILLED; one
 * that has not begun will do so at once.
 *
 * @retval CBX_OK          it ended or is ending
 * @retval CBX_E_HARDWARE  the monitor ended, and the box with it
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_kill(struct cbx_box *box);

/**
 * Wait until a box has run and ended.
 *
 * @param         timeout_ns  how long at most; UINT64_MAX: for ever
 * @param[in,out] result      as cbx_box_run filled it
 *
 * @retval CBX_OK         it ended
 * @retval CBX_E_INVALID  result has an unknown size
 * @retval CBX_E_BUSY     not within @p timeout_ns
 * @retval CBX_E_STATE    its cbx_box_run failed; there is no result
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_wait(
	struct cbx_box *box, uint64_t timeout_ns, struct cbx_result *result);

/**
 * Say who answers for a READY box, before or while it runs: boxes of one signer
 * may share sealing keys, and evidence shows him.  Once.
 *
 * @retval CBX_OK          it has that signer
 * @retval CBX_E_STATE     it has one, or is not READY
 * @retval CBX_E_DENIED    not a signature of this box's measurement
 * @retval CBX_E_NOMEM     no free page in the context
 * @retval CBX_E_HARDWARE  the monitor ended, or the keeper
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_sign(
	struct cbx_box *box, const struct cbx_signature *signature);

/** The monitor's view of a box. */
struct cbx_box_info {
	size_t size;		/* sizeof(struct cbx_box_info) */
	uint32_t state;		/* 1 BUILDING, 2 READY, 3 CONFINED, 4 DYING */
	uint32_t flags;		/* CBX_BOX_* */
	uint64_t pages;		/* it owns; this and the rest are zero once it
				 * is confined */
	uint64_t reserve_pages; /* of them, in no use */
	uint64_t threads;
	uint64_t spaces;
	uint64_t input_bytes; /* fed into it since it was measured */
};

/**
 * Ask the monitor about a box.
 *
 * @param[in,out] info  size is set by the caller, the rest is filled
 *
 * @retval CBX_OK          filled
 * @retval CBX_E_INVALID   size is not one this library knows
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_query(
	struct cbx_box *box, struct cbx_box_info *info);

/**
 * The monitor's digest of a box that has not ended.
 *
 * @param      kind    the measurement, or the digest of all input so far
 * @param[out] digest  SHA-384; untouched on failure
 *
 * @retval CBX_OK          read
 * @retval CBX_E_STALE     the box has ended
 * @retval CBX_E_INVALID   no such kind
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_digest(struct cbx_box *box,
	enum cbx_digest_kind kind, uint8_t digest[CBX_DIGEST_BYTES]);

/**
 * Read memory of a box whose policy lets the host look.
 *
 * @param      va     first byte
 * @param[out] buf    buf[size]
 * @param      size   at most CBX_PAGE_SIZE
 *
 * @retval CBX_OK          all of it was read
 * @retval CBX_E_INVALID   size out of range
 * @retval CBX_E_DENIED    the policy does not let the host look
 * @retval CBX_E_FAULT     not all of it is mapped
 * @retval CBX_E_STATE     the box is not READY
 * @retval CBX_E_STALE     the box has ended
 * @retval CBX_E_NOMEM     no free page in the context
 * @retval CBX_E_HARDWARE  the monitor ended
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_peek(
	struct cbx_box *box, uint64_t va, void *buf, size_t size);

/** End a box if it has not ended, and give back everything it had: all of its
 * pages are scrubbed.  @param box NULL does nothing */
CBX_API void cbx_box_destroy(struct cbx_box *box);

/* ------------------------------------------------------------ template -- */

/** A program that has run up to its point and never goes on: boxes that do are
 * made of it, cheaply, and share its memory until they write. */
struct cbx_template;

/**
 * Run a box of an image until its program opens /dev/template, and end it as a
 * template.
 *
 * Clones begin after that call; reading the file tells them apart: "1\n" in a
 * clone, "0\n" in any other box.  The program has one process and one thread
 * then, and no shared mapping it can write.  In a clone AT_RANDOM's bytes are
 * new, and getrandom is what it always is; what the program drew from it before
 * its point (a hash seed, a generator's state) it has to draw again.
 *
 * @param      image     built with CBX_PROGRAM_TEMPLATE
 * @param      run       as for cbx_box_run; input read before the point is in
 *                       every clone's input digest
 * @param[out] template  the caller destroys it; untouched on failure
 *
 * @retval CBX_OK        clones can be made
 * @retval CBX_E_DENIED  the image was built without CBX_PROGRAM_TEMPLATE
 * @retval CBX_E_STATE   the program ended before its point
 * @retval ...           as cbx_box_load and cbx_box_run
 */
CBX_API CBX_CHECKED enum cbx_status cbx_template_create(
	struct cbx_context *context, const struct cbx_image *image,
	const struct cbx_run *run, struct cbx_template **template_);

/**
 * Make a box that goes on where a template stopped, ready for cbx_box_run.
 *
 * Its measurement is that of its policy, of the template's measurement and
 * input digest, of its stack and of its thread; cbx_box_digest tells the
 * template's, too.
 *
 * @param      memory_bytes  what it may use beside what it shares: copies and
 *                           new memory; 0: as much as the template's image
 * @param[out] box           the caller destroys it; untouched on failure
 *
 * @retval ...  as cbx_box_load
 */
CBX_API CBX_CHECKED enum cbx_status cbx_template_clone(
	struct cbx_template *template_, uint64_t memory_bytes,
	struct cbx_box **box);

/**
 * Keep clones ready, for cbx_template_clone to hand out when it is asked for as
 * much memory.  A thread of the library makes others when half of them are gone.
 * Not while another thread uses the template.
 *
 * @param count  at most 1024, made when this returns; 0 ends the stock
 *
 * @retval CBX_E_INVALID  too many
 * @retval ...            as cbx_template_clone; an earlier stock stays
 */
CBX_API CBX_CHECKED enum cbx_status cbx_template_stock(
	struct cbx_template *template_, uint64_t memory_bytes, uint32_t count);

/** End a template and its stock.  Its pages stay until its last clone is
 * destroyed, and only then is its memory the context's again: destroy clones
 * first.  @param template_ NULL does nothing */
CBX_API void cbx_template_destroy(struct cbx_template *template_);

#include <confbox/attest.h>

#ifdef __cplusplus
}
#endif

#endif
