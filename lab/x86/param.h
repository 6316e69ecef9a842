/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader tells a program at VMPL0 of the machine and of a host below it
 * (README.md, boot contract). */
#ifndef LAB_PARAM_H
#define LAB_PARAM_H

#include <stdbool.h>
#include <stdint.h>

/** Pages of a host; 0: none. */
struct lab_param_host {
	uint64_t registers, secrets;
};

/**
 * Fill the page.
 *
 * @param is_valid  memory that nobody else has is validated
 */
void lab_param(uint64_t page, const struct lab_param_host *host, bool is_valid);

#endif
