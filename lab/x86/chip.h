/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chip's firmware: whose the chip is, what it launched, and the messages
 * its guest may send it (snp/report.h).
 *
 * A chip is a file that snp/vendor.py makes and the loader puts at LAB_CHIP.
 * Without one there are no reports and no keys.
 */
#ifndef LAB_CHIP_H
#define LAB_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "snp/report.h"

/** What a page is in the guest's measurement. */
enum lab_launched {
	LAB_LAUNCHED_DATA = 1,
	LAB_LAUNCHED_VMSA = 2,
	LAB_LAUNCHED_UNMEASURED = 4,
	LAB_LAUNCHED_SECRETS = 5,
	LAB_LAUNCHED_CPUID = 6,
};

/** The policy of what is launched: SMT may be on; what has to be 1. */
#define LAB_CHIP_POLICY 0x30000u

/** Take the chip that is there; before anything is launched. */
void lab_chip_start(void);

/**
 * Add a page to the measurement, as it lies there; but for data and
 * registers by their address only.
 *
 * @param rights  of VMPL1 and below (enum snp_right)
 */
void lab_chip_measure(uint64_t gpa, enum lab_launched what, uint8_t rights);

/** Write a guest's secrets page: its keys for messages, new at each start. */
void lab_chip_secrets(uint64_t gpa);

/** The certificates that came with the chip; NULL: there is no chip. */
const uint8_t *lab_chip_certificates(uint64_t *bytes);

/** Serve a message (snp_message_serve) on @p cpu.  @pre there is a chip */
enum snp_status lab_chip_serve(struct lab_cpu *cpu,
	const uint8_t request[SNP_MESSAGE_BYTES],
	uint8_t response[SNP_MESSAGE_BYTES]);

#endif
