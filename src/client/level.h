/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this machine has what an image's box is told by CPUID.
 *
 * Nobody is kept from anything by it: a program that is told of instructions
 * which are not there ends by one of them, and this says so before it begins.
 */
#ifndef CBX_CLIENT_LEVEL_H
#define CBX_CLIENT_LEVEL_H

#include <client/image.h>

/** The level of x86-64 that a box of the image is told; 0: the machine's words,
 * or an image this library does not know. */
uint32_t cbx_level_of(const struct cbx_image *image);

/** The highest level of which this machine has everything: 0 to 4. */
uint32_t cbx_level_here(void);

/**
 * @retval CBX_OK             it has, or the box is told the machine's words
 * @retval CBX_E_UNSUPPORTED  it has not
 */
CBX_CHECKED enum cbx_status cbx_level_check(const struct cbx_image *image);

#endif
