/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel with evidence to give, for what src/client/platform_sys.h asks of
 * one: configfs with a TSM provider, /dev/sev-guest and /dev/tdx_guest, with the
 * habits of Linux's, and somebody who is in the way.
 */
#ifndef CBX_TESTS_FAKE_PLATFORM_H
#define CBX_TESTS_FAKE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_ROOT  "/fake"
#define FAKE_OTHER "somebody else's inblob"

/** What the kernel is, and what happens; all zero: it has none of it. */
struct fake_platform {
	/* configfs-tsm */
	bool tsm;	      /* the directory exists */
	int tsm_denied;	      /* errno of mkdir */
	const char *provider; /* NULL: none registered */
	bool privlevels;      /* privlevel and its floor exist */
	unsigned int floor;
	bool auxblob; /* the file exists */
	size_t report_bytes;
	size_t table_bytes;
	unsigned int taken_names; /* mkdir finds that many in use */
	unsigned int intruders;	  /* times somebody writes after we did */
	unsigned int lost_writes; /* commits of inblob refused at close */
	unsigned int busy_reads;  /* outblob: EBUSY that often */
	int outblob_error;	  /* errno of every read of outblob */
	const char *generation;	  /* said instead of the true one */
	size_t piece;		  /* a read gives at most that; 0: all */
	bool signals;		  /* every second call is interrupted */

	/* the devices */
	bool sev_guest;
	bool tdx_guest;
	int device_denied;	/* errno of open */
	uint32_t certs_needed;	/* room the host wants for certificates */
	uint32_t certs_most;	/* the driver takes no more */
	uint32_t entry[2];	/* the table's offset and size, made up */
	unsigned int host_busy; /* requests the host throttles */
	int extended_error;	/* errno of SNP_GET_EXT_REPORT */
	uint32_t firmware_status;
	uint32_t firmware_bytes; /* size the firmware says; 0: the true one */
	int tdx_error;

	/* what is seen */
	unsigned int entries; /* directories that are there */
	unsigned int open;    /* descriptors */
	unsigned int made;    /* directories ever */
	unsigned int pauses;
	uint32_t vmpl;	/* of the last SNP request */
	char name[128]; /* of the last directory */
};

extern struct fake_platform fake;

/** A new kernel. */
void fake_platform_reset(void);

/** The byte at @p index of a report for that inblob. */
uint8_t fake_report_byte(const uint8_t *inblob, size_t index);

#endif
